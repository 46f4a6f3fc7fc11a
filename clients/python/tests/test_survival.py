"""The recovery of the threaded client from restarts, kills and half-open connections."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from ate_dispatcher_grpc import (
    Client,
    Disconnected,
    DispatcherError,
    Gap,
    Listener,
    Ready,
    SessionStatus,
    UnavailableError,
)
from tests.conftest import FAST
from tests.server import Link, Server


class StatusLog:
    """Records the statuses of a session, and waits for them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.heard: list[SessionStatus] = []

    def __call__(self, status: SessionStatus) -> None:
        with self._condition:
            self.heard.append(status)
            self._condition.notify_all()

    def count(self, kind: type[SessionStatus]) -> int:
        return sum(isinstance(status, kind) for status in self.heard)

    def wait_for(self, kind: type[SessionStatus], count: int) -> None:
        with self._condition:
            assert self._condition.wait_for(lambda: self.count(kind) >= count, 15), self.heard


class Stage:
    """A producer and a listener behind the link, and a requester with a connection of its own."""

    def __init__(self, server: Server, address: str) -> None:
        self.far = Client(address, reconnect=FAST, call_timeout=1)
        self.near = Client(server.address, reconnect=FAST)
        self.producing, self.listening = StatusLog(), StatusLog()
        self.gaps: list[Gap] = []
        self.producer = self.far.producer(["t"], lambda a: a.args[0], id="p", on_status=self.producing)
        self.listener: Listener = self.far.listener(
            ["t"], id="l", on_status=self.listening, on_gap=self.gaps.append
        )
        self.producer.ready(10)
        self.listener.ready(10)

    def ask(self, number: int) -> None:
        self.near.dispatch("t", args=[number], ttl=5, no_producers_action="WAIT")

    def close(self) -> None:
        self.near.close(1)
        self.far.close(1)


@pytest.fixture
def stage(server: Server, link: Link) -> Iterator[Stage]:
    stage = Stage(server, link.address)
    yield stage
    stage.close()


@pytest.mark.parametrize("failure", [Link.cut, Link.freeze])
def test_no_result_is_lost_when_the_link_breaks(
    stage: Stage, link: Link, failure: Callable[[Link], None]
) -> None:
    # A second producer stays connected, so that results arrive while the listener is disconnected.
    with stage.near.producer(["t"], lambda a: a.args[0], id="steady"):
        numbers = itertools.count()
        for number in itertools.islice(numbers, 5):
            stage.ask(number)
        failure(link)
        for number in itertools.islice(numbers, 5):
            stage.ask(number)
        stage.listening.wait_for(Ready, 2)
        stage.producing.wait_for(Ready, 2)
        for number in itertools.islice(numbers, 5):
            stage.ask(number)
        heard: list[tuple[str, object]] = []
        while ("steady", 14) not in heard:
            result = stage.listener.get(timeout=10)
            heard.append((result.producer_id, result.value))

    assert [value for producer, value in heard if producer == "steady"] == list(range(15))
    assert len(heard) == len(set(heard))
    assert stage.gaps == []


def test_an_assigned_id_is_kept_so_that_the_dead_session_is_replaced(server: Server, link: Link) -> None:
    producing, listening = StatusLog(), StatusLog()
    with Client(link.address, reconnect=FAST) as client, Client(server.address) as near:
        producer = client.producer(["t"], lambda a: 1, on_status=producing).ready(10)
        listener = client.listener(["t"], on_status=listening).ready(10)
        ids = (producer.id, listener.id)
        link.freeze()
        producing.wait_for(Ready, 2)
        listening.wait_for(Ready, 2)

        acceptance = near.dispatch("t")

        assert (producer.id, listener.id) == ids
        assert [target.producer_id for target in acceptance.targets] == [producer.id]
        assert acceptance.listener_count == 1


def test_a_restart_is_reported_as_a_gap_and_sessions_continue(stage: Stage, server: Server) -> None:
    stage.ask(1)
    assert stage.listener.get(timeout=10).value == 1

    server.stop()
    server.start()

    stage.listening.wait_for(Ready, 2)
    stage.producing.wait_for(Ready, 2)
    stage.ask(2)
    assert stage.listener.get(timeout=10).value == 2
    assert [gap.reason for gap in stage.gaps] == ["EPOCH_CHANGED"]


def test_sessions_survive_a_kill_of_the_server(stage: Stage, server: Server) -> None:
    server.kill()
    stage.listening.wait_for(Disconnected, 3)
    server.start()

    stage.listening.wait_for(Ready, 2)
    stage.producing.wait_for(Ready, 2)
    stage.ask(3)
    assert stage.listener.get(timeout=10).value == 3


def test_a_server_that_hangs_is_noticed_and_found_again(server: Server) -> None:
    # Directly, so that every connection hangs, new ones too.
    stage = Stage(server, server.address)
    server.freeze()
    stage.listening.wait_for(Disconnected, 1)
    stage.producing.wait_for(Disconnected, 1)
    server.thaw()

    stage.listening.wait_for(Ready, 2)
    stage.producing.wait_for(Ready, 2)
    stage.ask(4)
    assert stage.listener.get(timeout=10).value == 4
    stage.close()


def test_a_call_on_a_dead_connection_fails_in_time_and_the_next_one_reconnects(
    server: Server, link: Link
) -> None:
    with Client(link.address, call_timeout=0.5) as client:
        client.validate("t")
        link.freeze()

        with pytest.raises(UnavailableError) as caught:
            client.validate("t")

        assert caught.value.reason == "NO_ANSWER"
        assert caught.value.retryable
        client.validate("t")


def test_a_gather_on_a_dead_connection_fails_in_time(server: Server, link: Link) -> None:
    with Client(server.address) as near, Client(link.address) as far:
        near.producer(["t"], lambda a: a.cancelled.wait(10) and None).ready(10)
        gather = far.gather("t", ttl=3)
        assert gather.acceptance.targets
        # By then the first heartbeat has announced the interval.
        threading.Timer(0.7, link.freeze).start()

        with pytest.raises(UnavailableError) as caught:
            list(gather)

        assert caught.value.reason == "HEARTBEAT_LOST"


def test_topics_changed_while_disconnected_apply_after_the_reconnect(stage: Stage, server: Server) -> None:
    server.kill()
    stage.producing.wait_for(Disconnected, 2)
    threading.Timer(0.2, server.start).start()

    stage.producer.register("late", timeout=10)
    stage.listener.add("late", timeout=10)

    stage.near.wait_for_ready(10)
    stage.near.dispatch("late", args=[5])
    assert stage.listener.get(timeout=10).value == 5


def test_an_assignment_is_revoked_when_its_session_is_lost(server: Server) -> None:
    revoked: list[DispatcherError | None] = []
    seen, done = threading.Event(), threading.Event()

    def handle(assignment: object) -> None:
        seen.set()
        assignment.cancelled.wait(10)  # type: ignore[attr-defined]
        revoked.append(assignment.revocation)  # type: ignore[attr-defined]
        done.set()

    with Client(server.address, reconnect=FAST) as client:
        client.producer(["t"], handle).ready(10)
        client.dispatch("t")
        assert seen.wait(10)
        server.kill()
        assert done.wait(10)

    assert revoked[0] is not None
    assert revoked[0].reason == "SESSION_LOST"


def test_close_without_a_server_does_not_hang(server: Server) -> None:
    client = Client(server.address, reconnect=FAST)
    producer = client.producer(["t"], lambda a: None).ready(10)
    listener = client.listener(["t"]).ready(10)
    server.kill()

    client.close()

    producer.wait(1)
    listener.wait(1)
    assert list(listener) == []
