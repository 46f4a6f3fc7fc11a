"""Tests that need no server."""

from __future__ import annotations

import contextlib
import math
import random
from typing import Any

import pytest
from google.protobuf.message import Message
from grpc import StatusCode

from ate_dispatcher_grpc import Fault, GatherOptions, InvalidArgumentError, Json, Reconnect, SessionStatus
from ate_dispatcher_grpc._backoff import Backoff
from ate_dispatcher_grpc._enums import EnumNames
from ate_dispatcher_grpc._gather_core import GatherCore, GatherLimits
from ate_dispatcher_grpc._gen import view_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import (
    dispatcher_service_pb2,
    gather_pb2,
    listener_pb2,
    producer_pb2,
    request_pb2,
    result_pb2,
    summary_pb2,
)
from ate_dispatcher_grpc._gen.google.protobuf.duration_pb2 import Duration
from ate_dispatcher_grpc._gen.google.protobuf.struct_pb2 import ListValue, Struct, Value
from ate_dispatcher_grpc._gen.google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._json import (
    decode_list,
    decode_struct,
    decode_value,
    encode_list,
    encode_struct,
    encode_value,
)
from ate_dispatcher_grpc._listener_core import ListenerCore, ListenerOptions
from ate_dispatcher_grpc._listener_topics import ListenerTopics
from ate_dispatcher_grpc._status import error_of_status
from ate_dispatcher_grpc._time import duration_of, seconds_of
from ate_dispatcher_grpc._topics import matches
from ate_dispatcher_grpc.errors import ClosedError, LimitError

PLAIN: list[Json] = [
    None,
    True,
    0,
    -1,
    2**53,
    1.5,
    -0.0,
    1e300,
    "",
    "grüße 🙂",
    [],
    {},
    [None, [None], {"a": None}],
    {"": 1, "a.b": {"c": [1, "two", False]}, "z": 1, "y": 2},
    "x" * 70_000,
]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: repr(value)[:20])
def test_json_is_preserved(value: Json) -> None:
    read = decode_value(encode_value(value, "v"))
    assert repr(read) == repr(value)


@pytest.mark.parametrize("seed", range(200))
def test_encoded_json_is_compatible_with_the_generated_code(seed: int) -> None:
    value = _random_value(random.Random(seed), 0)
    parsed = Value.FromString(encode_value(value, "v"))
    assert decode_value(parsed.SerializeToString()) == value
    items = ListValue.FromString(encode_list([value, 1], "v"))
    assert decode_list(items.SerializeToString()) == [value, 1]
    struct = Struct.FromString(encode_struct({"k": value}, "v"))
    assert decode_struct(struct.SerializeToString()) == {"k": value}


@pytest.mark.parametrize("seed", range(300))
def test_malformed_json_raises_only_value_error(seed: int) -> None:
    draw = random.Random(seed)
    data = bytearray(encode_value(_random_value(draw, 0), "v"))
    for _ in range(3):
        if data:
            data[draw.randrange(len(data))] = draw.randrange(256)
    del data[draw.randrange(len(data) + 1) :]
    with contextlib.suppress(ValueError):
        decode_value(bytes(data))


def _random_value(draw: random.Random, depth: int) -> Json:
    kind = draw.randrange(5 if depth > 3 else 7)
    if kind == 5:
        return [_random_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 6:
        return {str(draw.random()): _random_value(draw, depth + 1) for _ in range(draw.randrange(4))}
    return [None, True, draw.randrange(-(2**53), 2**53), draw.random(), chr(draw.randrange(0x3000))][kind]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "v is nan"),
        ([[-math.inf]], r"v\[0\]\[0\] is -inf"),
        (2**53 + 1, r"v is an integer beyond"),
        ({"b": b"x"}, r"v\.b is a bytes, which JSON cannot represent; send it as data"),
        ({1: 1}, "v has a key that is a int"),
        ({"s": {1}}, r"v\.s is a set"),
        ("\ud83d", "unpaired surrogates"),
    ],
)
def test_values_that_json_cannot_represent_are_rejected_with_their_path(value: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        encode_value(value, "v")  # type: ignore[arg-type]
    assert caught.value.reason == "UNSERIALIZABLE_VALUE"


def test_nesting_is_limited_in_both_directions() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(InvalidArgumentError, match="nested too deeply, or contains itself"):
        encode_value(cycle, "v")  # type: ignore[arg-type]
    nested = b"\x08\x00"
    for _ in range(10_000):
        nested = Value.FromString(b"").SerializeToString() + _embed(0x32, _embed(0x0A, nested))
    with pytest.raises(ValueError, match="nested deeper"):
        decode_value(nested)


def _embed(tag: int, data: bytes) -> bytes:
    from ate_dispatcher_grpc._varint import varint

    return bytes((tag,)) + varint(len(data)) + data


VIEWS: dict[str, list[type[Message]]] = {
    "EventBatch": [dispatcher_service_pb2.GatherResponse, dispatcher_service_pb2.SubscribeResponse],
    "Event": [gather_pb2.GatherEvent, listener_pb2.ListenerEvent],
    "Delivery": [result_pb2.Delivery],
    "DispatcherBatch": [dispatcher_service_pb2.ProduceResponse],
    "DispatcherMessage": [producer_pb2.DispatcherMessage],
    "Assignment": [producer_pb2.Assignment],
    "ProducerBatch": [dispatcher_service_pb2.ProduceRequest],
    "ProducerMessage": [producer_pb2.ProducerMessage],
    "Reply": [producer_pb2.Reply],
    "Request": [request_pb2.Request],
    "Result": [result_pb2.Result],
    "RequestCall": [dispatcher_service_pb2.DispatchRequest, dispatcher_service_pb2.GatherRequest],
}


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_view_has_the_fields_of_the_contract(name: str) -> None:
    known: dict[int, Any] = {}
    for message in VIEWS[name]:
        known.update(message.DESCRIPTOR.fields_by_number)
    bytes_type = view_pb2.Delivery.DESCRIPTOR.fields_by_name["result"].type
    fields: list[Any] = list(getattr(view_pb2, name).DESCRIPTOR.fields)
    for field in fields:
        contract = known[field.number]
        assert field.name == contract.name or name == "RequestCall"
        is_opaque = field.type == bytes_type and contract.message_type is not None
        assert is_opaque or field.type == contract.type
        assert _is_repeated(field) == _is_repeated(contract)
    if name != "Request":
        assert {field.number for field in fields} == set(known)


def _is_repeated(field: Any) -> bool:
    # Older protobuf has only the label; newer versions deprecate it.
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def test_every_view_is_compared() -> None:
    assert set(VIEWS) == set(view_pb2.DESCRIPTOR.message_types_by_name)


def test_status_details_are_converted() -> None:
    status = Status(code=8, message="too many")
    for detail in (
        ErrorInfo(reason="RATE_LIMIT", metadata={"limit": "5"}),
        BadRequest(field_violations=[BadRequest.FieldViolation(field="f", description="d")]),
        RetryInfo(retry_delay=Duration(nanos=250_000_000)),
    ):
        name = detail.DESCRIPTOR.full_name
        status.details.add(type_url=f"type.googleapis.com/{name}", value=detail.SerializeToString())
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")
    error = error_of_status(status)
    assert isinstance(error, LimitError)
    assert (error.reason, error.retry_delay, error.retryable) == ("RATE_LIMIT", 0.25, True)
    assert error.metadata == {"limit": "5"}
    assert error.field_violations[0].field == "f"
    assert str(error) == "RESOURCE_EXHAUSTED: too many"
    assert error_of_status(Status()).code is StatusCode.UNKNOWN
    assert error_of_status(Status(code=99)).code is StatusCode.UNKNOWN


@pytest.mark.parametrize("seconds", [0, 1, 0.000000001, 1.5, -2.25, 3600.123456789])
def test_durations_are_exact(seconds: float) -> None:
    duration = duration_of(seconds, "ttl")
    assert seconds_of(duration) == pytest.approx(seconds, abs=1e-9)
    assert (duration.nanos >= 0) == (seconds >= 0)


def test_delays_grow_up_to_the_maximum() -> None:
    backoff = Backoff(Reconnect(initial_delay=1, max_delay=3, multiplier=2, jitter=0.5), lambda: 1.0)
    assert [backoff.next() for _ in range(4)] == [1.5, 3.0, 4.5, 4.5]
    backoff.reset()
    assert backoff.next() == 1.5
    for wrong in ({"initial_delay": 0}, {"multiplier": 0.5}, {"jitter": 2}, {"max_delay": 0.01}):
        with pytest.raises(InvalidArgumentError):
            Reconnect(**wrong)


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("a", "a", True),
        ("a", "a.b", False),
        ("*", "a", True),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        (">", "a", True),
        ("*.b", "a.b", True),
        ("*.b", "a.c", False),
    ],
)
def test_patterns_match_topics(pattern: str, topic: str, covered: bool) -> None:
    assert matches(pattern, topic) is covered


def test_unknown_enum_numbers_have_a_name() -> None:
    assert EnumNames(summary_pb2.SummaryReason).of(1) == "ALL_ANSWERED"
    assert EnumNames(summary_pb2.SummaryReason).of(77) == "UNSPECIFIED"


def test_topic_changes_settle_with_the_stream_that_contained_them() -> None:
    topics = ListenerTopics([])
    _, before = topics.add(["a"])
    topics.stream_started()
    _, after = topics.add(["b"])
    topics.stream_is_live()
    assert before.done()
    assert not after.done()
    topics.fail_pending(ClosedError("listener"))
    with pytest.raises(ClosedError):
        after.result(0)


def test_topic_changes_of_other_programs_are_applied() -> None:
    topics = ListenerTopics(["a"])
    topics.apply_confirmation(listener_pb2.TopicsChanged(added=["b"], removed=["a"]))
    assert topics.current() == ["b"]
    update, done = topics.add(["b"])
    assert update == []
    assert done.done()


def test_an_event_that_cannot_be_decoded_is_a_fault_and_the_rest_goes_on() -> None:
    class Port:
        def __init__(self) -> None:
            self.statuses: list[SessionStatus] = []

        def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
            raise AssertionError("unexpected session")

        def send(self, message: bytes) -> None:
            raise AssertionError("unexpected message")

        def set_heartbeat_interval(self, interval: float) -> None:
            raise AssertionError("unexpected heartbeat")

        def report_status(self, status: SessionStatus) -> None:
            self.statuses.append(status)

    port = Port()
    core = ListenerCore(ListenerOptions(["t"]), port)
    events = [view_pb2.Event(summary=b"\xff"), view_pb2.Event(gap=b"\xff"), view_pb2.Event(summary=b"")]
    items = core.receive(view_pb2.EventBatch(events=events).SerializeToString())
    assert len(items) == 1
    assert [status.error.reason for status in port.statuses if isinstance(status, Fault)] == [
        "UNDECODABLE_EVENT",
        "UNDECODABLE_EVENT",
    ]


def test_a_gather_whose_events_cannot_be_decoded_ends_with_an_error() -> None:
    core = GatherCore()
    core.receive(view_pb2.EventBatch(events=[view_pb2.Event(summary=b"\xff")]).SerializeToString())
    assert core.error is not None
    assert core.error.reason == "UNDECODABLE_EVENT"


@pytest.mark.parametrize(("options", "ends_at"), [({"ttl": 0.1}, 11.8), ({}, 11.8), ({"timeout": 0.2}, 11.2)])
def test_the_ttl_of_a_gather_begins_with_its_acceptance(
    monkeypatch: pytest.MonkeyPatch, options: GatherOptions, ends_at: float
) -> None:
    """A busy server takes up a request late. A timeout is counted from the beginning of the gather."""
    now = 10.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    limits, core = GatherLimits("address", options), GatherCore()
    now = 10.7
    accepted = request_pb2.Acceptance(request_id="r", ttl=Duration(nanos=100_000_000))
    core.receive(
        dispatcher_service_pb2.GatherResponse(
            events=[gather_pb2.GatherEvent(acceptance=accepted)]
        ).SerializeToString()
    )
    limits.message_received(core)
    now = ends_at - 0.01
    assert limits.overdue(True) is None
    now = ends_at + 0.01
    assert limits.overdue(True) is not None
