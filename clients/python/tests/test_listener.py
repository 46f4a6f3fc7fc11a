"""Listeners of the threaded client."""

from __future__ import annotations

import threading

import pytest

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    ClosedError,
    DispatcherError,
    Fault,
    Gap,
    InvalidArgumentError,
    NotFoundError,
    Result,
    ResultDelivery,
    SessionReplacedError,
    SessionStatus,
    Summary,
)
from ate_dispatcher_grpc._gen import view_pb2 as view


@pytest.fixture(autouse=True)
def echo(client: Client, topic: str) -> None:
    client.producer([f"{topic}.>"], lambda a: a.args, id=f"echo-{topic}").ready(10)


def test_results_arrive_in_order_before_the_summary(client: Client, topic: str) -> None:
    listener = client.listener([f"{topic}.a"], include_summaries=True).ready(10)
    client.dispatch(f"{topic}.a", args=[1])
    events = listener.events()
    result, summary = next(events), next(events)
    assert isinstance(result, ResultDelivery)
    assert isinstance(summary, Summary)
    assert (result.value, result.sequence, result.producer_id) == ([1], 1, f"echo-{topic}")
    assert summary.request_id == result.request_id


def test_callbacks_run_one_at_a_time_and_may_raise(client: Client, topic: str) -> None:
    told: list[object] = []
    done = threading.Event()
    statuses: list[SessionStatus] = []

    def on_result(result: ResultDelivery) -> None:
        told.append(result.value)
        if result.value == [1]:
            raise ValueError("oops")

    def on_summary(summary: Summary) -> None:
        told.append(summary.reason)
        if len(told) == 4:
            done.set()

    listener = client.listener(
        [f"{topic}.a"], on_result, on_summary=on_summary, on_status=statuses.append
    ).ready(10)
    for number in (1, 2):
        assert client.gather(f"{topic}.a", args=[number]).summary.answered_count == 1
    assert done.wait(10)
    listener.close()
    assert told == [[1], "ALL_ANSWERED", [2], "ALL_ANSWERED"]
    faults = [status.error.reason for status in statuses if isinstance(status, Fault)]
    assert faults == ["CALLBACK_FAILED"]


def test_topics_can_be_changed_inside_the_loop(client: Client, topic: str) -> None:
    listener = client.listener([]).ready(10)
    listener.add(f"{topic}.a", f"{topic}.b")
    client.dispatch(f"{topic}.b")
    for result in listener:
        assert result.topic == f"{topic}.b"
        listener.remove(f"{topic}.b")
        break
    client.dispatch(f"{topic}.b")
    client.dispatch(f"{topic}.a")
    assert listener.get(10).topic == f"{topic}.a"
    with pytest.raises(TimeoutError):
        listener.get(0.05)


def test_topics_can_be_changed_while_the_buffer_is_full(client: Client, topic: str) -> None:
    listener = client.listener([f"{topic}.a"]).ready(10)

    def many(a: Assignment) -> None:
        for number in range(3000):
            a.send({"n": number})

    client.producer([f"{topic}.a"], many, id=f"many-{topic}").ready(10)
    summary = client.gather(f"{topic}.a", ttl=20).summary
    assert summary.answered_count == 2
    assert listener.get(10)
    listener.add(f"{topic}.b", timeout=10)
    client.dispatch(f"{topic}.b")
    seen = 1
    while listener.get(10).topic != f"{topic}.b":
        seen += 1
    assert seen == 3002


def test_update_listener_changes_the_topics_of_a_listener(client: Client, topic: str) -> None:
    listener = client.listener([], id=topic).ready(10)
    assert client.update_listener(topic, add=[f"{topic}.a"]) == [f"{topic}.a"]
    client.dispatch(f"{topic}.a")
    assert listener.get(10).topic == f"{topic}.a"
    assert client.update_listener(topic, remove=[f"{topic}.a"]) == []
    with pytest.raises(NotFoundError):
        client.update_listener("nobody", add=["x"])


def test_late_results_arrive_if_requested(client: Client, topic: str) -> None:
    late = client.listener([topic], include_late=True).ready(10)
    in_time = client.listener([topic]).ready(10)

    def slow(a: Assignment) -> str:
        a.cancelled.wait(10)
        a.send("a part")
        return "the rest"

    client.producer([topic], slow).ready(10)
    # An assignment that expires before its handler has started is dropped, so the TTL leaves time for that.
    assert client.gather(topic, ttl=1).summary.reason == "EXPIRED"
    for value, more in (("a part", True), ("the rest", False)):
        result = late.get(10)
        assert (result.value, result.more, result.late) == (value, more, True)
        assert (result.sequence, result.ordinal) == (0, 0)
    with pytest.raises(TimeoutError):
        in_time.get(0.05)


def test_data_and_errors_have_different_kinds(client: Client, topic: str) -> None:
    listener = client.listener([topic]).ready(10)

    def handle(a: object) -> Result:
        raise RuntimeError("no")

    client.producer([topic], handle, id=f"1-{topic}").ready(10)
    client.producer([topic], lambda a: b"\x00", id=f"2-{topic}").ready(10)
    client.dispatch(topic)
    results = {result.producer_id[0]: result for result in (listener.get(10), listener.get(10))}
    assert (results["1"].kind, results["2"].kind) == ("error", "data")
    assert results["2"].data == b"\x00"
    assert results["2"].error is None


def test_a_malformed_result_raises_on_access(client: Client, topic: str) -> None:
    for broken in (b"\x0a\x05", b"\x0a\x02\x1a\x05", b"\x0a\x04\x1a\x02\xc3\x28", b"\x1a\x02\x0a\x09"):
        result = ResultDelivery(view.Delivery(producer_id="p", result=broken))
        with pytest.raises(DispatcherError) as caught:
            _ = result.value
        assert caught.value.reason == "UNDECODABLE_RESULT"


def test_a_slow_listener_gets_gaps_for_lost_deliveries(client: Client, topic: str) -> None:
    go_on, gaps = threading.Event(), list[Gap]()
    seen: list[int] = []
    done = threading.Event()

    def on_result(result: ResultDelivery) -> None:
        go_on.wait(20)
        seen.append(result.sequence)
        if result.value == "end":
            done.set()

    client.listener([topic], on_result, on_gap=gaps.append, buffer_bytes=16 * 1024).ready(10)

    def flood(a: Assignment) -> str:
        for _ in range(4000):
            a.send("x" * 4000)
        return "end"

    client.producer([topic], flood).ready(10)
    summary = client.gather(topic, ttl=30, exclude_listeners=False).summary
    assert summary.answered_count == 1
    go_on.set()
    assert done.wait(20)
    lost = [position for gap in gaps for position in range(gap.first, gap.last + 1)]
    assert gaps
    assert {gap.reason for gap in gaps} == {"SLOW_LISTENER"}
    assert sorted(seen + lost) == list(range(1, 4002))


def test_members_of_a_group_share_the_deliveries(client: Client, topic: str) -> None:
    both = [client.listener([f"{topic}.a"], group="g").ready(10) for _ in range(2)]
    for _ in range(6):
        list(client.gather(f"{topic}.a"))
    heard = 0
    for listener in both:
        while True:
            try:
                listener.get(0.2)
            except TimeoutError:
                break
            heard += 1
    assert heard == 6


def test_a_new_session_replaces_one_with_the_same_id(client: Client, topic: str) -> None:
    first = client.listener([topic], id=topic).ready(10)
    client.listener([topic], id=topic).ready(10)
    with pytest.raises(SessionReplacedError):
        list(first)
    with pytest.raises(SessionReplacedError):
        first.wait(10)


def test_a_malformed_topic_is_rejected_at_once(client: Client) -> None:
    for topics in (["a b"], [""], ["a..b"], [">.a"], ["*." * 16 + "a"], ["*." * 5 + ">"], "abc", [1]):
        with pytest.raises(InvalidArgumentError):
            client.listener(topics)  # type: ignore[arg-type]
    listener = client.listener(["a." * 127 + "a", "a." * 15 + "*", "*." * 4 + ">"]).ready(10)
    with pytest.raises(InvalidArgumentError):
        listener.add("a b")
    listener.remove("never added")


def test_close_ends_a_loop(client: Client, topic: str) -> None:
    listener = client.listener([topic]).ready(10)
    threading.Timer(0.05, listener.close).start()
    assert list(listener) == []
    with pytest.raises(ClosedError):
        listener.get(1)
    with pytest.raises(ClosedError):
        listener.add("x")


def test_close_inside_a_callback_does_not_hang(client: Client, topic: str) -> None:
    closed = threading.Event()

    def on_result(result: ResultDelivery) -> None:
        listener.close()
        closed.set()

    listener = client.listener([f"{topic}.a"], on_result).ready(10)
    client.dispatch(f"{topic}.a")
    assert closed.wait(10)
    listener.wait(10)
