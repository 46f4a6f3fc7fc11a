"""Calls that find nobody, calls after the end, very long waits, and options that cannot work."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    ClosedError,
    Disconnected,
    DispatcherError,
    InvalidArgumentError,
    Ready,
    Reconnect,
    UnavailableError,
    aio,
)
from ate_dispatcher_grpc._session_thread import SessionThread
from ate_dispatcher_grpc.errors import unavailable
from tests.conftest import FAST
from tests.server import Link, Server
from tests.test_survival import StatusLog


@pytest.fixture
def mute() -> Iterator[str]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


# A generous bound: without a limit of its own, a call took 30 s.
@pytest.mark.timeout(15)
@pytest.mark.parametrize("options", [{"ttl": 0.5}, {}, {"ttl": 0.5, "timeout": 20}])
def test_no_call_outlives_its_ttl_and_the_reserve(mute: str, options: Any) -> None:
    with Client(mute, reconnect=Reconnect(30, 30)) as client:
        with pytest.raises(UnavailableError) as caught:
            client.dispatch("t", **options)
        assert "not connected" in caught.value.details or "SETTINGS" in caught.value.details
        with pytest.raises(UnavailableError), client.gather("t", **options) as gather:
            list(gather)


@pytest.mark.timeout(20)
async def test_no_call_outlives_its_ttl_and_the_reserve_with_asyncio(mute: str) -> None:
    async with aio.Client(mute, reconnect=Reconnect(30, 30)) as client:
        with pytest.raises(UnavailableError):
            await client.dispatch("t", ttl=0.5)
        with pytest.raises(UnavailableError):
            await client.gather("t", ttl=0.5).summary


@pytest.mark.timeout(15)
def test_a_server_that_stops_answering_does_not_outlive_a_gather(server: Server) -> None:
    with Client(server.address, reconnect=FAST) as client:
        client.producer(["t"], lambda a: a.cancelled.wait(20) and None).ready(10)
        gathers = [client.gather("t", ttl=0.5), client.gather("t", ttl=0.5)]
        assert gathers[0].acceptance.targets
        server.freeze()
        try:
            with pytest.raises(UnavailableError):
                _ = gathers[0].summary
            with pytest.raises(UnavailableError) as caught:
                client.dispatch("t", ttl=0.5)
            # The connection may be known to be dead by then.
            assert caught.value.reason in ("NO_ANSWER", "NOT_CONNECTED")
        finally:
            server.thaw()


def test_a_peer_without_a_connection_says_so_at_most_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    log = StatusLog()
    with Client("127.0.0.1:1", reconnect=Reconnect(0.01, 0.01)) as client:
        client.producer(["t"], lambda a: 1, on_status=log)
        log.wait_for(Disconnected, 2)
    texts = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert "the producer is not connected to 127.0.0.1:1: failed to connect" in texts[0]
    assert len(texts) <= 3


def test_the_delays_start_again_once_a_session_was_live(server: Server, link: Link) -> None:
    log = StatusLog()
    reconnect = Reconnect(initial_delay=0.01, max_delay=60, multiplier=50, jitter=0)
    with Client(link.address, reconnect=reconnect) as client:
        client.producer(["t"], lambda a: 1, on_status=log).ready(10)
        for number in range(2, 6):
            link.cut()
            log.wait_for(Ready, number)
    assert {status.retry_in for status in log.heard if isinstance(status, Disconnected)} == {0.01}


AFTER_THE_END: dict[str, Callable[[Any, Any, Any], Any]] = {
    "dispatch": lambda client, producer, listener: client.dispatch("t"),
    "validate": lambda client, producer, listener: client.validate("t"),
    "gather": lambda client, producer, listener: client.gather("t"),
    "cancel_request": lambda client, producer, listener: client.cancel_request("r"),
    "update_listener": lambda client, producer, listener: client.update_listener("l"),
    "producer": lambda client, producer, listener: client.producer(["t"], lambda a: 1),
    "listener": lambda client, producer, listener: client.listener(["t"]),
    "wait_for_ready": lambda client, producer, listener: client.wait_for_ready(30),
    "producer.ready": lambda client, producer, listener: producer.ready(),
    "producer.register": lambda client, producer, listener: producer.register("t"),
    "producer.deregister": lambda client, producer, listener: producer.deregister("t"),
    "producer.set_concurrency": lambda client, producer, listener: producer.set_concurrency(1),
    "listener.ready": lambda client, producer, listener: listener.ready(),
    "listener.add": lambda client, producer, listener: listener.add("u"),
    "listener.remove": lambda client, producer, listener: listener.remove("t"),
    "listener.get": lambda client, producer, listener: listener.get(),
}


@pytest.mark.timeout(15)
@pytest.mark.parametrize("name", AFTER_THE_END)
def test_a_call_after_the_end_raises_at_once(address: str, name: str) -> None:
    client = Client(address)
    producer, listener = client.producer(["t"], lambda a: 1), client.listener(["t"])
    client.close()
    with pytest.raises(ClosedError):
        AFTER_THE_END[name](client, producer, listener)
    producer.wait()
    listener.wait()
    producer.close()
    listener.close()
    client.close()
    assert list(listener) == []


@pytest.mark.timeout(15)
@pytest.mark.parametrize("name", AFTER_THE_END)
async def test_a_call_after_the_end_raises_at_once_with_asyncio(address: str, name: str) -> None:
    client = aio.Client(address)
    producer, listener = client.producer(["t"], lambda a: 1), client.listener(["t"])
    await client.close()

    async def call() -> None:
        result = AFTER_THE_END[name](client, producer, listener)
        if inspect.isawaitable(result):
            await result

    with pytest.raises(ClosedError):
        await call()
    await producer.wait()
    await listener.wait()
    await producer.close()
    await listener.close()
    await client.close()


def test_very_long_waits_are_waits(client: Client, topic: str) -> None:
    producer = client.producer([topic], lambda a: a.remaining() > 0).ready(1e300)
    producer.register("u", timeout=float("inf"))
    listener = client.listener([topic]).ready(float("inf"))
    listener.add("u", timeout=1e12)
    client.wait_for_ready(1e15)
    month = 30 * 24 * 3600.0
    # The service allows one hour by default.
    with pytest.raises(InvalidArgumentError, match=r"ttl"):
        client.dispatch(topic, ttl=month, timeout=2 * month)
    client.dispatch(topic, timeout=3000)
    assert listener.get(timeout=float("inf")).value is True
    listener.close(float("inf"))
    producer.close(float("inf"))
    producer.wait(float("inf"))


async def test_very_long_waits_are_waits_with_asyncio(address: str, topic: str) -> None:
    async with aio.Client(address, call_timeout=1e12) as client:
        producer = await client.producer([topic], lambda a: a.remaining() > 0).ready()
        await client.dispatch(topic, timeout=3000)
        assert [each.value async for each in client.gather(topic, timeout=3000)] == [True]
        await producer.close(float("inf"))


def test_a_retry_delay_of_years_is_a_wait_that_close_ends() -> None:
    statuses: list[object] = []
    told = threading.Event()

    def on_status(status: object) -> None:
        statuses.append(status)
        told.set()

    with Client("127.0.0.1:1") as client:
        producer = client.producer(["t"], lambda a: 1, on_status=on_status)
        session: SessionThread = producer._session
        error = unavailable("later", "LATER")
        error.retry_delay = 1e12
        session._run_stream = lambda: error  # type: ignore[method-assign]
        assert told.wait(10)
    assert not any(isinstance(each, DispatcherError) for each in statuses)


@pytest.mark.parametrize("make", [Client, aio.Client])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"address": "http://localhost:50051"}, "localhost:50051 without the scheme"),
        ({"address": "https://example.org:443/"}, "tls=Tls()"),
        ({"address": ""}, "address is ''"),
        ({"address": None}, "address is None"),
        ({"address": 50051}, "host:port"),
        ({"call_timeout": "4s"}, "call_timeout is '4s'"),
        ({"call_timeout": -1}, "above 0"),
        ({"call_timeout": float("nan")}, "call_timeout is nan"),
        ({"metadata": ["a"]}, "metadata is a list"),
    ],
)
def test_impossible_options_of_a_client_are_rejected(
    make: Callable[..., object], options: Any, words: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make(**options)
    assert words in caught.value.details


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"ttl": "4s"}, "request.ttl"),
        ({"ttl": -1}, "request.ttl"),
        ({"ttl": 0}, "request.ttl"),
        ({"ttl": float("nan")}, "request.ttl"),
        ({"ttl": float("inf")}, "request.ttl"),
        ({"timeout": "4s"}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"completion": {"stall_timeout": -1}}, "request.completion.stall_timeout"),
    ],
)
def test_impossible_times_are_rejected(client: Client, options: Any, field: str) -> None:
    for call in (client.dispatch, lambda topic, **each: client.gather(topic, **each).summary):
        with pytest.raises(InvalidArgumentError) as caught:
            call("t", **options)
        assert caught.value.field_violations[0].field == field


@pytest.mark.parametrize(
    "options", [{"initial_delay": "1"}, {"max_delay": float("inf")}, {"jitter": None}, {"multiplier": True}]
)
def test_impossible_delays_are_rejected(options: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="reconnect"):
        Reconnect(**options)


def test_odd_texts_arrive(client: Client, topic: str) -> None:
    seen: list[object] = []

    def handle(a: Assignment) -> object:
        seen.append((dict(a.kwargs), dict(a.attributes)))
        raise DispatcherError(unavailable("", "").code, "größer als 5 €", metadata={"__proto__": "ä"})

    labels = {"constructor": "ü", "toString": "x", "__proto__": "y"}
    client.producer([topic], handle, labels=labels).ready(10)  # type: ignore[arg-type]
    other = {**labels, "__proto__": "z"}
    assert client.gather(topic, selector={"match_labels": other}).summary.reason == "NO_PRODUCERS"
    (failed,) = client.gather(topic, selector={"match_labels": labels}, kwargs=labels, attributes=labels)
    assert seen == [(labels, labels)]
    assert failed.error is not None
    assert failed.error.details == "größer als 5 €"
    assert failed.error.metadata == {"__proto__": "ä"}


@pytest.mark.timeout(20)
async def test_close_ends_a_wait_for_a_connection(mute: str) -> None:
    client = aio.Client(mute)
    producer = client.producer(["t"], lambda a: 1)
    gather = client.gather("t")
    await asyncio.sleep(0)
    await gather.close()
    await client.close()
    with pytest.raises(ClosedError):
        await producer.ready()
