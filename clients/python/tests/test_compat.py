"""The drop-in replacement, beyond the tests of the original."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from ate_dispatcher_grpc import Client, InvalidArgumentError, UnavailableError
from ate_dispatcher_grpc.compat import (
    CONTENT_TYPE,
    ATEDispatcher,
    Producer,
    ResultListener,
)
from ate_dispatcher_grpc.compat.codec import Codec
from ate_dispatcher_grpc.compat.topics import from_wire, to_wire
from tests import server as servers

PROGRAM = Path(__file__).with_name("original_program.py")


class Echo(Producer):
    def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        if args and args[0] == "raise":
            raise ValueError("as asked")
        return args, kwargs


class Collect(ResultListener):
    def __init__(self) -> None:
        super().__init__()
        self.heard: Queue[tuple[str, Any]] = Queue()
        self.errors: Queue[tuple[str, str]] = Queue()

    def process_dispatcher_result(self, topic: str, response: Any) -> None:
        self.heard.put((topic, response))
        if response == "stumble":
            raise ValueError("as asked")

    def process_dispatcher_error(self, topic: str, error: Exception) -> None:
        self.errors.put((topic, str(error)))


class Trio(NamedTuple):
    dispatcher: ATEDispatcher
    producer: Echo
    listener: Collect


@pytest.fixture
def trio(address: str, topic: str) -> Iterator[Trio]:
    trio = Trio(ATEDispatcher(address), Echo(), Collect())
    trio.dispatcher.register_result_producer(trio.producer, topic)
    trio.dispatcher.register_result_listener(trio.listener, topic)
    for thread in (trio.producer, trio.listener, trio.dispatcher):
        thread.start()
    yield trio
    trio.dispatcher.stop()
    for thread in (trio.dispatcher, trio.producer, trio.listener):
        thread.join(10)
        assert not thread.is_alive()


def test_a_program_prints_the_same_with_both_libraries(tmp_path: Path) -> None:
    source = PROGRAM.read_text()
    ported = tmp_path / "ported_program.py"
    ported.write_text(source.replace("from ate_dispatcher import", "from ate_dispatcher_grpc.compat import"))
    environment = {**os.environ, "ATE_DISPATCHER_COMMAND": shlex.join(servers.command())}
    runs = [
        subprocess.Popen(
            [sys.executable, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        for path in (PROGRAM, ported)
    ]
    (original, trouble), (ours, ours_trouble) = [run.communicate(timeout=50) for run in runs]
    print(ours)
    assert trouble == ours_trouble == ""
    assert ours == original
    assert ours.count("\n") > 15


def test_requests_before_the_start_are_answered_after_it(address: str, topic: str) -> None:
    dispatcher, producer, listener = ATEDispatcher(address), Echo(), Collect()
    dispatcher.send_request(topic, 1)
    dispatcher.register_result_producer(producer, topic)
    dispatcher.register_result_listener(listener, topic)
    dispatcher.start()
    producer.start()
    listener.start()
    assert listener.heard.get(timeout=10) == (topic, ((1,), {}))
    dispatcher.stop()
    dispatcher.join(10)
    with pytest.raises(RuntimeError):
        dispatcher.start()


def test_keywords_may_have_any_name(trio: Trio, client: Client, topic: str) -> None:
    kwargs = {"uuid": 1, "reply_to": 2, "args": 3, "kwargs": 4, "kind": 5}
    trio.dispatcher.send_request(topic, **kwargs)
    assert trio.listener.heard.get(timeout=10) == (topic, ((), kwargs))
    client.dispatch(topic, kwargs={"ttl": 5, "timeout": 6})
    assert trio.listener.heard.get(timeout=10) == (topic, ((), {"ttl": 5, "timeout": 6}))


def test_other_languages_see_plain_json_where_it_is_exact(trio: Trio, client: Client, topic: str) -> None:
    with client.listener([topic]) as listener:
        client.dispatch(topic, args=[1, "x"], kwargs={"k": [None, 1.5]})
        result = listener.get(10)
        assert (result.kind, result.content_type) == ("data", CONTENT_TYPE)
        assert result.data == b'{"$tuple":[{"$tuple":[1,"x"]},{"k":[null,1.5]}]}'
    seen: Queue[tuple[Any, Any, bytes]] = Queue()
    client.producer([topic], lambda a: seen.put((a.args, a.kwargs, a.data))).ready(10)
    trio.dispatcher.send_request(topic, 1, [2], k={"a": 0.5})
    assert seen.get(timeout=10) == ([1, [2]], {"k": {"a": 0.5}}, b"")
    trio.dispatcher.send_request(topic, 1.0)
    assert seen.get(timeout=10) == ([], {}, b'{"args":[1.0],"kwargs":{}}')


def test_a_producer_that_raises_continues(trio: Trio, topic: str, caplog: pytest.LogCaptureFixture) -> None:
    trio.dispatcher.send_request(topic, "raise")
    trio.dispatcher.send_request(topic, "fine")
    assert trio.listener.heard.get(timeout=10) == (topic, (("fine",), {}))
    assert "as asked" in trio.listener.errors.get(timeout=10)[1]
    assert "Echo.produce_dispatcher_output raised" in caplog.text


def test_a_listener_that_raises_continues(trio: Trio, caplog: pytest.LogCaptureFixture) -> None:
    trio.listener.send_result("t", "stumble")
    trio.listener.send_result("t", 2)
    assert [trio.listener.heard.get(timeout=10)[1] for _ in range(2)] == ["stumble", 2]
    assert "Collect.process_dispatcher_result raised" in caplog.text


def test_missing_overrides_raise_the_errors_of_the_original() -> None:
    with pytest.raises(NotImplementedError, match="A producer must implement"):
        Producer().produce_dispatcher_output("t")
    with pytest.raises(NotImplementedError, match="ResultListener has not implemented"):
        ResultListener().process_dispatcher_result("t", 1)


def test_a_producer_works_without_a_dispatcher_like_the_original() -> None:
    producer, replies = Echo(), Queue[Any]()
    producer.start()
    producer.submit_producer_message("t", "id", replies, 1, uuid=2, reply_to=3)
    reply = replies.get(timeout=10)
    assert (reply["kind"], reply["topic"], reply["uuid"]) == ("reply", "t", "id")
    assert reply["args"] == (((1,), {"uuid": 2, "reply_to": 3}),)
    producer.stop()
    producer.join(10)


@pytest.mark.parametrize("ttl", [None, 0, -1, "5", True, float("inf"), float("nan")])
def test_an_invalid_ttl_is_rejected_at_once(address: str, ttl: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="ttl"):
        ATEDispatcher(address).send_request("t", ttl=ttl)


def test_a_producer_answers_one_request_at_a_time_and_skips_expired_ones(
    trio: Trio, client: Client, topic: str
) -> None:
    expired = threading.Event()

    class Slow(Producer):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
            self.seen.append(args[0])
            expired.wait(10)
            return args[0]

    slow = Slow()
    slow.start()
    trio.dispatcher.register_result_producer(slow, f"{topic}.slow")
    trio.dispatcher.register_result_listener(trio.listener, f"{topic}.slow")
    client.listener([f"{topic}.slow"], lambda _: None, on_summary=lambda _: expired.set()).ready(10)
    # The first summary is that of the second request.
    for number, ttl in ((1, 10_000), (2, 100), (3, 10_000)):
        trio.dispatcher.send_request(f"{topic}.slow", number, ttl=ttl)
    assert [trio.listener.heard.get(timeout=10)[1] for _ in range(2)] == [1, 3]
    assert slow.seen == [1, 3]


def test_sessions_survive_a_restart_of_the_service(server: servers.Server) -> None:
    dispatcher, producer, listener = ATEDispatcher(server.address), Echo(), Collect()
    for thread in (dispatcher, producer, listener):
        thread.start()
    dispatcher.register_result_producer(producer, "t")
    dispatcher.register_result_listener(listener, "t")
    server.kill()
    dispatcher.send_request("t", "during", ttl=10_000)
    server.start()
    deadline = time.monotonic() + 15
    heard = None
    while heard is None and time.monotonic() < deadline:
        dispatcher.send_request("t", "after", ttl=1000)
        try:
            heard = listener.heard.get(timeout=0.5)
        except Exception:
            continue
    assert heard is not None
    dispatcher.stop()
    dispatcher.join(10)
    assert not dispatcher.is_alive()


def test_stop_without_a_service_does_not_hang(server: servers.Server) -> None:
    dispatcher, producer = ATEDispatcher(server.address), Echo()
    dispatcher.start()
    dispatcher.register_result_producer(producer, "t")
    server.kill()
    dispatcher.send_request("t", ttl=60_000)
    begin = time.monotonic()
    dispatcher.stop()
    dispatcher.join(20)
    assert not dispatcher.is_alive()
    assert time.monotonic() - begin < 5


def test_the_error_for_a_missing_dispatcher_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATE_DISPATCHER_COMMAND", raising=False)
    monkeypatch.delenv("ATE_DISPATCHER_ADDRESS", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        UnavailableError, match=r"ate-dispatcher is not on the PATH.*ATE_DISPATCHER_ADDRESS.*npm install"
    ):
        ATEDispatcher().start()
    for command in ("/nowhere/ate-dispatcher", f"{sys.executable} -c 'raise SystemExit(\"broken\")'"):
        monkeypatch.setenv("ATE_DISPATCHER_COMMAND", command)
        with pytest.raises(
            UnavailableError, match=r"could not be started: .*(No such file|broken).*ATE_DISPATCHER_ADDRESS"
        ):
            ATEDispatcher().start()


def test_start_fails_if_nothing_listens_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ate_dispatcher_grpc.compat.sessions._CONFIRMATION_TIMEOUT", 0.2)
    monkeypatch.setenv("ATE_DISPATCHER_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UnavailableError, match=r"not connected to 127\.0\.0\.1:1"):
        ATEDispatcher().start()


def test_an_embedded_dispatcher_ends_with_its_killed_program() -> None:
    code = (
        "import time\n"
        "from ate_dispatcher_grpc.compat.embedded import EmbeddedDispatcher\n"
        "print(EmbeddedDispatcher().address, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "ATE_DISPATCHER_COMMAND": shlex.join(servers.command())}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        address = program.stdout.readline().strip()
        with Client(address) as client:
            client.wait_for_ready(10)
            program.send_signal(signal.SIGKILL)
            program.wait(10)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    client.validate("t")
                except UnavailableError:
                    return
                time.sleep(0.05)
    raise AssertionError("the embedded dispatcher did not end")


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


def test_the_codec_encodes_registered_types() -> None:
    codec = Codec()
    codec.register_type(Point, "point", lambda p: (p.x, p.y), lambda xy: Point(*xy))
    text = codec.dumps([Point(1, 2)])
    assert text == b'[{"$point":{"$tuple":[1,2]}}]'
    (point,) = codec.loads(text)
    assert (type(point), point.x, point.y) == (Point, 1, 2)
    with pytest.raises(ValueError, match="already registered"):
        codec.register_type(Point, "point", str, lambda s: Point(0, 0))


def test_a_registered_type_belongs_to_one_dispatcher(trio: Trio, address: str, topic: str) -> None:
    trio.dispatcher.register_type(Point, "point", lambda p: (p.x, p.y), lambda xy: Point(*xy))
    trio.dispatcher.send_request(topic, Point(1, 2))
    ((point,), _) = trio.listener.heard.get(timeout=10)[1]
    assert (type(point), point.x, point.y) == (Point, 1, 2)
    with pytest.raises(TypeError, match=r"cannot send a .*Point"):
        ATEDispatcher(address).send_request(topic, Point(1, 2))


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "$b": 2},
        {(1, 2): {3: {4}}},
        float("nan"),
        -float("inf"),
        10**5000,
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 10, 25, 2, 30, fold=1),
        "\ud800 $",
        [[[[["deep"] * 3]]]],
        {"k": {"$tuple": 1}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_codec_preserves_values(value: Any) -> None:
    back = Codec().loads(Codec().dumps(value))
    assert type(back) is type(value)
    assert repr(back) == repr(value) if value != 10**5000 else back == value


def test_the_codec_rejects_other_types_and_cycles() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    for value in (object(), OrderedDict(), Trio, lambda: 1, threading.Lock(), cycle, {"k": [True, Path()]}):
        with pytest.raises(TypeError):
            Codec().dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"$unknown":1}',
        b'{"$int":"ten"}',
        b'{"$float":"1"}',
        b'{"$set":[[]]}',
        b'{"$bytes":"*"}',
        b"\xff",
    ],
)
def test_malformed_text_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Codec().loads(text)


@pytest.mark.parametrize(
    "topic", ["a", "a.b-c_D", "", " ", "a.", "*", ">", "ü", "py-topic.x", "x" * 180, "\ud800"]
)
def test_topics_of_any_text_are_mapped_back(topic: str) -> None:
    name = to_wire(topic)
    assert from_wire(name) == topic
    assert (
        (name == topic) == topic.replace("-", "").replace(".", "a").replace("_", "").isalnum()
        or not topic.isascii()
        or topic in ("a.", "py-topic.x")
    )


def test_topics_that_cannot_be_mapped_are_rejected() -> None:
    for topic in ("ü" * 200, 5, None):
        with pytest.raises(InvalidArgumentError):
            to_wire(topic)  # type: ignore[arg-type]
    assert from_wire("py-topic.ab.c") == "py-topic.ab.c"


def test_sessions_end_with_their_last_topic(trio: Trio, client: Client, topic: str) -> None:
    before = threading.active_count()
    for number in range(5):
        producer, listener = Echo(), Collect()
        trio.dispatcher.register_result_producer(producer, f"{topic}.{number}")
        trio.dispatcher.register_result_listener(listener, f"{topic}.{number}")
        trio.dispatcher.deregister_result_producer(producer, f"{topic}.{number}")
        trio.dispatcher.deregister_result_listener(listener, f"{topic}.{number}")
    trio.dispatcher.deregister_result_listener(Collect(), "never registered")
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before
    assert logging.getLogger("ate_dispatcher_grpc").name
