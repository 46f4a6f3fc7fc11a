"""Requests of the threaded client."""

from __future__ import annotations

import threading

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    ClosedError,
    Completion,
    DispatcherError,
    Handler,
    InvalidArgumentError,
    Json,
    JsonLike,
    NoProducersError,
    NotFoundError,
    ProducerError,
    Reconnect,
    Result,
    UnavailableError,
)


def test_a_gather_yields_results_and_then_a_summary(client: Client, topic: str) -> None:
    for name in ("a", "b"):
        client.producer([topic], _answers({"from": name}), id=f"{name}-{topic}").ready(10)

    gather = client.gather(topic, args=[1, 2.5, None, True, "x", [1], {"k": {}}], ttl=5)
    results = list(gather)

    args: list[Json] = [1, 2.5, None, True, "x", [1], {"k": {}}]
    assert sorted(str(result.value) for result in results) == [
        str({"from": name, "args": args}) for name in ("a", "b")
    ]
    assert [result.ordinal for result in results] == [1, 2]
    assert results[0].latency >= 0
    assert results[0].kind == "value"
    summary = gather.summary
    assert (summary.reason, summary.satisfied, summary.answered_count) == ("ALL_ANSWERED", True, 2)
    assert {outcome.state for outcome in summary.outcomes} == {"ANSWERED"}
    assert gather.acceptance.request_id == summary.request_id


def test_the_summary_may_be_read_before_the_results(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: 1).ready(10)
    gather = client.gather(topic)
    assert gather.summary.answered_count == 1
    assert [result.value for result in gather] == [1]


def test_keywords_may_have_any_name_and_keep_their_order(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: list(a.kwargs.items())).ready(10)
    kwargs: dict[str, int | str] = {
        "ttl": 1,
        "topic": "x",
        "self": 2,
        "uuid": 3,
        "reply_to": 4,
        "args": 5,
        "kwargs": 6,
        "a": 7,
    }
    (result,) = client.gather(topic, kwargs=kwargs)
    assert result.value == [[key, value] for key, value in kwargs.items()]


def test_data_attributes_and_trace_context_pass_through(client: Client, topic: str) -> None:
    def handle(a: Assignment) -> Result:
        attributes = {**a.attributes, **{key: a.context[key] for key in a.context}}
        return Result(data=a.data[::-1], content_type=a.content_type + "+b", attributes=attributes)

    client.producer([topic], handle).ready(10)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    (result,) = client.gather(
        topic, data=b"\x00\xff", content_type="a", attributes={"k": "v"}, context={"traceparent": trace}
    )
    assert (result.kind, result.data, result.content_type) == ("data", b"\xff\x00", "a+b")
    assert dict(result.attributes) == {"k": "v", "traceparent": trace}
    assert result.value is None
    assert dict(result.context) == {"traceparent": trace}


def test_an_exception_becomes_an_error_result_and_the_producer_continues(client: Client, topic: str) -> None:
    def handle(a: Assignment) -> int:
        if a.args:
            raise DispatcherError(
                StatusCode.NOT_FOUND, "no such lamp", reason="NO_LAMP", metadata={"sku": "x"}
            )
        return 1 // 0

    client.producer([topic], handle).ready(10)
    (plain,), (rich,) = client.gather(topic), client.gather(topic, args=[1])

    assert plain.kind == "error"
    assert plain.error is not None
    assert (plain.error.code, plain.error.reason) == (StatusCode.UNKNOWN, "PRODUCER_ERROR")
    assert "division" in plain.error.details
    with pytest.raises(ProducerError, match="no such lamp") as caught:
        _ = rich.value
    assert (caught.value.code, caught.value.reason) == (StatusCode.NOT_FOUND, "NO_LAMP")
    assert caught.value.metadata == {"sku": "x"}


def test_an_unserializable_return_value_becomes_an_error_result(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: {"when": {1, 2}}).ready(10)  # type: ignore[dict-item]
    (result,) = client.gather(topic)
    assert result.error is not None
    assert result.error.reason == "UNSERIALIZABLE_RESULT"
    assert "result.when is a set" in result.error.details


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ({"result_count": 1}, "POLICY_MET"),
        ({"quorum_percent": 50}, "POLICY_MET"),
        ({"first_success": True}, "POLICY_MET"),
        ({"stall_timeout": 0.1}, "STALLED"),
    ],
)
def test_a_completion_policy_ends_a_gather_and_revokes_unanswered_assignments(
    client: Client, topic: str, completion: Completion, reason: str
) -> None:
    revoked: list[str] = []
    begun, told = threading.Event(), threading.Event()

    def slow(a: Assignment) -> None:
        begun.set()
        a.cancelled.wait(10)
        revoked.append(a.revocation.reason if a.revocation else "")
        told.set()

    client.producer([topic], slow, id=f"slow-{topic}").ready(10)
    # A revocation drops an assignment whose handler has not started, so the fast producer waits for the slow one.
    client.producer([topic], lambda a: "fast" if begun.wait(10) else "", id=f"fast-{topic}").ready(10)

    gather = client.gather(topic, ttl=10, completion=completion)

    assert [result.value for result in gather] == ["fast"]
    assert gather.summary.reason == reason
    assert told.wait(5)
    assert revoked == ["COMPLETED"]


def test_a_gather_that_is_cancelled_ends_with_a_summary(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: a.cancelled.wait(10) and None).ready(10)
    gather = client.gather(topic, ttl=10)
    gather.cancel()
    assert list(gather) == []
    assert gather.summary.reason == "CANCELLED"
    gather.cancel()


def test_leaving_a_gather_revokes_its_assignments(client: Client, topic: str) -> None:
    reasons: list[str] = []
    begun, told = threading.Event(), threading.Event()

    def handle(a: Assignment) -> None:
        begun.set()
        a.cancelled.wait(10)
        reasons.append(a.revocation.reason if a.revocation else "")
        told.set()

    client.producer([topic], handle).ready(10)
    with client.gather(topic, ttl=10) as gather:
        assert gather.acceptance.targets
        # A revocation drops an assignment whose handler has not started.
        assert begun.wait(10)
    assert told.wait(5)
    assert reasons == ["CALLER_GONE"]
    with pytest.raises(ClosedError):
        list(gather)


def test_a_request_is_cancelled_by_its_id(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: a.cancelled.wait(10) and None).ready(10)
    acceptance = client.dispatch(topic, request_id=topic, ttl=10)
    assert acceptance.request_id == topic
    assert client.cancel_request(topic).reason == "CANCELLED"
    with pytest.raises(NotFoundError):
        client.cancel_request("never-was")


def test_a_repeated_id_is_scattered_once_and_rejected_with_other_content(client: Client, topic: str) -> None:
    seen: list[object] = []
    client.producer([topic], lambda a: seen.append(a.args)).ready(10)
    first = client.dispatch(topic, request_id=topic, args=[1], attributes={"a": "1", "b": "2"})
    again = client.dispatch(topic, request_id=topic, args=[1], attributes={"a": "1", "b": "2"})
    assert first == again
    with pytest.raises(DispatcherError) as caught:
        client.dispatch(topic, request_id=topic, args=[2])
    assert (caught.value.code, caught.value.reason) == (StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert len(seen) <= 1


def test_validate_returns_the_targets_without_scattering(client: Client, topic: str) -> None:
    seen: list[object] = []
    client.producer([topic], seen.append, id=topic).ready(10)
    assert [target.producer_id for target in client.validate(topic).targets] == [topic]
    assert seen == []


def test_a_request_without_producers_ends_or_fails(client: Client, topic: str) -> None:
    gather = client.gather(topic)
    assert (list(gather), gather.summary.reason) == ([], "NO_PRODUCERS")
    with pytest.raises(NoProducersError) as caught:
        client.dispatch(topic, no_producers_action="FAIL")
    assert not caught.value.retryable


def test_a_selector_limits_the_producers(client: Client, topic: str) -> None:
    for region in ("north", "south"):
        client.producer([topic], _answers({"from": region}), labels={"region": region}).ready(10)
    (result,) = client.gather(topic, selector={"match_labels": {"region": "north"}})
    assert result.value == {"from": "north", "args": []}


def test_a_rejection_names_the_fields(client: Client) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client.dispatch("not a topic", ttl=-1)
    assert [violation.field for violation in caught.value.field_violations] == [
        "request.topic",
        "request.ttl",
    ]
    assert isinstance(caught.value, ValueError)
    gather = client.gather("not a topic")
    for look in (lambda: gather.acceptance, lambda: gather.summary, lambda: list(gather)):
        with pytest.raises(InvalidArgumentError):
            look()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"args": [{"a": [2**60]}]}, r"args\[0\]\.a\[0\] is an integer beyond 2\*\*53"),
        ({"kwargs": {"x": {1: 2}}}, r"kwargs\.x has a key that is a int"),
        ({"ttl": float("nan")}, "ttl is nan"),
        ({"ttl": "5s"}, "ttl is a str"),
        ({"args": "abc"}, "args is a str"),
        ({"completion": {"results": 1}}, r"completion\.results is unknown"),
        ({"completion": {"result_count": 1, "first_success": True}}, "more than one"),
        ({"no_producers_action": "SHRUG"}, "no_producers_action cannot be encoded"),
        ({"selector": {"max_targets": -1}}, r"selector\.max_targets cannot be encoded"),
        ({"context": {"traceparent": "é"}}, r"metadata\.traceparent is not ASCII"),
    ],
)
def test_options_that_cannot_be_encoded_are_rejected_at_once(
    client: Client, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        client.dispatch("t", **options)  # type: ignore[arg-type]


def test_an_unknown_option_is_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError, match="unexpected option 'keyword'"):
        client.dispatch("t", keyword="b")  # type: ignore[call-arg]


def test_a_deadline_limits_the_ttl(client: Client, topic: str) -> None:
    client.producer([topic], lambda a: a.cancelled.wait(10) and None).ready(10)
    gather = client.gather(topic, timeout=0.6)
    assert gather.summary.reason == "EXPIRED"
    assert gather.acceptance.ttl < 0.6


def test_no_server_is_unavailable() -> None:
    with Client("127.0.0.1:1", reconnect=Reconnect(initial_delay=0.01)) as client:
        with pytest.raises(UnavailableError) as caught:
            client.dispatch("t")
        assert caught.value.retryable
        assert isinstance(caught.value, ConnectionError)
        with pytest.raises(UnavailableError, match="not connected"):
            client.wait_for_ready(0.1)


def test_a_closed_client_raises_closed_error(address: str) -> None:
    client = Client(address)
    client.close()
    client.close()
    with pytest.raises(ClosedError):
        client.dispatch("t")


def test_threads_may_share_a_gather(client: Client, topic: str) -> None:
    def handle(a: Assignment) -> str:
        for part in range(200):
            a.send(part)
        return "end"

    client.producer([topic], handle).ready(10)
    gather = client.gather(topic)
    taken: list[object] = []
    threads = [threading.Thread(target=lambda: taken.extend(r.value for r in gather)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(map(str, taken)) == sorted([*map(str, range(200)), "end"])
    assert gather.summary.outcomes[0].result_count == 201


def _answers(answer: dict[str, JsonLike]) -> Handler:
    return lambda a: {**answer, "args": a.args}
