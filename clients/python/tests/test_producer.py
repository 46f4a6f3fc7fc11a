"""Producers of the threaded client."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    ClosedError,
    DispatcherError,
    Gather,
    InvalidArgumentError,
    JsonLike,
    SessionReplacedError,
    SessionStatus,
    _paths,
)
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.request_pb2 import Request
from ate_dispatcher_grpc._varint import length_delimited


class Dispositions:
    """Records the dispositions of replies."""

    def __init__(self) -> None:
        self._states: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self, assignment_id: str, state: str) -> None:
        self._states.put(state)

    def get(self) -> str:
        return self._states.get(timeout=10)


def test_topics_can_be_changed(client: Client, topic: str) -> None:
    producer = client.producer([], lambda a: a.topic, id=topic).ready(10)
    assert client.validate(topic).targets == ()
    producer.register(topic)
    assert [target.producer_id for target in client.validate(topic).targets] == [topic]
    producer.deregister(topic)
    assert client.validate(topic).targets == ()


def test_a_malformed_topic_is_rejected_and_the_session_continues(client: Client, topic: str) -> None:
    producer = client.producer([topic], lambda a: 1).ready(10)
    with pytest.raises(InvalidArgumentError):
        producer.register("a b")
    assert [result.value for result in client.gather(topic)] == [1]


def test_members_of_a_group_share_the_requests(client: Client, topic: str) -> None:
    client.producer([(topic, "group")], lambda a: "a").ready(10)
    client.producer([(topic, "group")], lambda a: "b").ready(10)
    answers = [result.value for _ in range(8) for result in client.gather(topic)]
    assert len(answers) == 8
    assert set(answers) == {"a", "b"}


def test_another_member_gets_the_assignments_of_a_departed_one(
    client: Client, address: str, topic: str
) -> None:
    taken = threading.Event()

    def hang(a: Assignment) -> None:
        taken.set()
        a.cancelled.wait(10)

    other = Client(address)
    other.producer([(topic, "g")], hang).ready(10)
    gather = client.gather(topic)
    assert gather.acceptance.targets[0].group == "g"
    assert taken.wait(10)
    client.producer([(topic, "g")], lambda a: a.attempt).ready(10)
    other.close(0)
    assert [result.value for result in gather] == [2]


def test_concurrency_limits_the_running_handlers(client: Client, topic: str) -> None:
    lock = threading.Lock()
    running, max_running = 0, 0
    both = threading.Barrier(2, timeout=10)

    def handle(a: Assignment) -> None:
        nonlocal running, max_running
        with lock:
            running += 1
            max_running = max(max_running, running)
        both.wait()
        with lock:
            running -= 1

    client.producer([topic], handle, concurrency=2).ready(10)
    gathers = [client.gather(topic) for _ in range(6)]
    assert [gather.summary.answered_count for gather in gathers] == [1] * 6
    assert max_running == 2


def test_concurrency_can_be_changed(client: Client, topic: str) -> None:
    both = threading.Barrier(2, timeout=10)
    producer = client.producer([topic], lambda a: both.wait(), concurrency=1).ready(10)
    first, second = client.gather(topic), client.gather(topic)
    producer.set_concurrency(2)
    assert first.summary.answered_count == second.summary.answered_count == 1
    with pytest.raises(InvalidArgumentError):
        producer.set_concurrency(0)


def test_remaining_decreases(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: a.remaining()).ready(10)
    (result,) = client.gather(topic, ttl=3)
    assert isinstance(result.value, float)
    assert 2 < result.value <= 3


def test_an_expired_assignment_is_revoked_and_its_result_is_late(client: Client, topic: str) -> None:
    reasons: list[str] = []
    left: list[float] = []

    def handle(a: Assignment) -> str:
        a.cancelled.wait(10)
        reasons.append(a.revocation.reason if a.revocation else "")
        left.append(a.remaining())
        return "too late"

    told = Dispositions()
    client.producer([topic], handle, on_disposition=told).ready(10)
    # An assignment that expires before its handler has started is dropped, so the TTL leaves time for that.
    gather = client.gather(topic, ttl=1)
    assert (list(gather), gather.summary.reason) == ([], "EXPIRED")
    assert told.get() == "LATE"
    assert reasons == ["EXPIRED"]
    assert left[0] < 0.1


def test_a_cancelled_handler_that_returns_is_cancelled_and_one_that_raises_sends_nothing(
    client: Client, topic: str
) -> None:
    begun = threading.Semaphore(0)

    def handle(a: Assignment) -> str:
        begun.release()
        if a.args[0] != "in time":
            a.cancelled.wait(10)
        if a.args[0] == "gives up":
            a.raise_if_revoked()
        return "done"

    told = Dispositions()
    client.producer([topic], handle, on_disposition=told, concurrency=1).ready(10)
    for what in ("gives up", "returns"):
        acceptance = client.dispatch(topic, args=[what], ttl=10)
        assert begun.acquire(timeout=10)
        client.cancel_request(acceptance.request_id)
    assert client.gather(topic, args=["in time"]).summary.answered_count == 1
    assert [told.get(), told.get()] == ["CANCELLED", "ACCEPTED"]


def test_a_queued_assignment_that_is_revoked_never_starts(client: Client, topic: str) -> None:
    seen: list[object] = []
    go_on = threading.Event()

    def handle(a: Assignment) -> None:
        seen.append(a.args[0])
        go_on.wait(10)

    client.producer([topic], handle, concurrency=1).ready(10)
    first = client.gather(topic, args=[1], ttl=10)
    assert first.acceptance.targets
    assert client.gather(topic, args=[2], ttl=0.1).summary.outcomes[0].state == "SATURATED"
    go_on.set()
    assert first.summary.answered_count == 1
    assert seen == [1]


def test_dispositions_are_reported(client: Client, topic: str) -> None:
    told = Dispositions()
    client.producer([topic], lambda a: 1, on_disposition=told).ready(10)
    list(client.gather(topic))
    assert told.get() == "ACCEPTED"


def test_a_call_that_would_deadlock_is_rejected(client: Client, topic: str) -> None:
    refusals: queue.SimpleQueue[object] = queue.SimpleQueue()

    def disposed(assignment_id: str, state: str) -> None:
        for change in (producer.register, producer.deregister):
            try:
                change("other")
            except DispatcherError as error:
                refusals.put(error.reason)

    producer = client.producer([topic], lambda a: 1, on_disposition=disposed).ready(10)
    assert client.gather(topic).summary.answered_count == 1
    assert [refusals.get(timeout=10) for _ in range(2)] == ["WOULD_DEADLOCK"] * 2


def test_close_finishes_running_handlers(client: Client, address: str, topic: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handle(a: Assignment) -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    producer = client.producer([topic], handle).ready(10)
    gather = client.gather(topic)
    assert gather.acceptance.targets
    assert begun.wait(10)
    closing = threading.Thread(target=producer.close)
    closing.start()
    with Client(address) as other:
        deadline = time.monotonic() + 5
        while other.validate(topic).targets and time.monotonic() < deadline:
            time.sleep(0.01)
    go_on.set()
    assert [result.value for result in gather] == ["done"]
    closing.join(10)
    producer.wait(1)
    with pytest.raises(ClosedError):
        producer.register("x")
    with pytest.raises(ClosedError):
        producer.ready()


def test_a_handler_that_outlasts_the_grace_is_revoked(client: Client, topic: str) -> None:
    reasons: list[str] = []
    begun = threading.Event()

    def handle(a: Assignment) -> None:
        begun.set()
        a.cancelled.wait(10)
        reasons.append(a.revocation.reason if a.revocation else "")

    producer = client.producer([topic], handle).ready(10)
    client.dispatch(topic, ttl=10)
    assert begun.wait(10)
    producer.close(0.2)
    client.close()
    assert reasons == ["CLOSED"]


def test_a_new_session_replaces_one_with_the_same_id(client: Client, topic: str) -> None:
    statuses: list[SessionStatus] = []
    first = client.producer([topic], lambda a: 1, id=topic, on_status=statuses.append).ready(10)
    client.producer([topic], lambda a: 2, id=topic).ready(10)
    with pytest.raises(SessionReplacedError):
        first.wait(10)
    assert [result.value for result in client.gather(topic)] == [2]
    assert [type(status).__name__ for status in statuses] == ["Ready", "Closed"]


def test_malformed_options_are_rejected_at_once(client: Client) -> None:
    with pytest.raises(InvalidArgumentError, match="concurrency"):
        client.producer(["t"], lambda a: 1, concurrency=0)
    with pytest.raises(InvalidArgumentError, match=r"messages\.hello\.labels cannot be encoded"):
        client.producer(["t"], lambda a: 1, labels={"a": 1})  # type: ignore[dict-item]


def test_a_rejected_hello_ends_the_producer(client: Client) -> None:
    producer = client.producer(["a b"], lambda a: 1)
    with pytest.raises(InvalidArgumentError):
        producer.ready(10)


def test_a_result_beyond_the_limit_becomes_an_error_result(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: "x" * 2_000_000).ready(10)
    (result,) = client.gather(topic)
    assert result.error is not None
    assert result.error.reason == "RESULT_TOO_LARGE"


def test_a_malformed_request_is_refused_and_the_producer_does_not_see_it(client: Client, topic: str) -> None:
    seen: list[object] = []
    client.producer([topic], lambda a: seen.append(a.args) or 1).ready(10)  # type: ignore[func-returns-value]
    deep: JsonLike = 1
    for _ in range(29):
        deep = [deep]
    assert [result.value for result in client.gather(topic, args=[deep])] == [1]
    nested = b""
    for _ in range(100):
        nested = length_delimited(1, length_delimited(6, nested))
    for arguments, reason in ((b"\x0a\x05", "MALFORMED_MESSAGE"), (nested, "INVALID_FIELD")):
        with pytest.raises(InvalidArgumentError) as caught:
            list(_gather_raw(client, topic, length_delimited(2, arguments)))
        assert caught.value.reason == reason
        assert [violation.field for violation in caught.value.field_violations] == ["request.args"]
    assert [result.value for result in client.gather(topic)] == [1]
    assert seen == [[deep], []]


def _gather_raw(client: Client, topic: str, payload: bytes) -> Gather:
    message = view.RequestCall(request=Request(topic=topic).SerializeToString() + payload)
    opened = client._connection.server_stream(_paths.GATHER, message.SerializeToString(), None, None)
    return Gather(client._connection, opened, {}, client.cancel_request)
