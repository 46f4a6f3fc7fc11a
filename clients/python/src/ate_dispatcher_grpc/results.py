"""What the dispatcher tells requesters and listeners, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ate_dispatcher_grpc._enums import name_of
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import listener_pb2, request_pb2, summary_pb2
from ate_dispatcher_grpc._status import producer_error
from ate_dispatcher_grpc._time import datetime_of, seconds_of
from ate_dispatcher_grpc.errors import ProducerError


@dataclass(frozen=True)
class Target:
    """One producer that a request was scattered to."""

    producer_id: str
    group: str
    """The group it was chosen from; empty if it registered without one."""


@dataclass(frozen=True)
class Acceptance:
    """A request was taken: who is asked, and until when."""

    request_id: str
    targets: Sequence[Target]
    listener_count: int
    """How many listeners the topic had then; they are read anew at each result."""
    ttl: float
    """The TTL in force, in seconds."""
    expire_time: datetime
    """For people and logs; the server's monotonic clock decides."""


SummaryReason = Literal[
    "ALL_ANSWERED", "POLICY_MET", "STALLED", "EXPIRED", "CANCELLED", "NO_PRODUCERS", "SHUTDOWN", "UNSPECIFIED"
]
OutcomeState = Literal[
    "ANSWERED", "FAILED", "MISSED", "DEPARTED", "SATURATED", "CANCELLED", "LATE", "PENDING", "UNSPECIFIED"
]
GapReason = Literal["SLOW_LISTENER", "RETENTION", "EPOCH_CHANGED", "UNSPECIFIED"]


@dataclass(frozen=True)
class ProducerOutcome:
    """What became of one producer that was asked."""

    producer_id: str
    group: str
    state: OutcomeState
    latency: float | None
    """Seconds to its last result; None if it sent none."""
    result_count: int
    error: ProducerError | None
    """Its failure, with state FAILED; details are in the delivered result."""


@dataclass(frozen=True)
class Summary:
    """The one end of a request: why it ended, and what became of each producer."""

    request_id: str
    topic: str
    reason: SummaryReason
    satisfied: bool
    targeted_count: int
    answered_count: int
    failed_count: int
    missing_count: int
    elapsed: float
    """Seconds from acceptance to end, on the server's clock."""
    outcomes: Sequence[ProducerOutcome]


@dataclass(frozen=True)
class Gap:
    """What a listener lost, exactly; it comes before the topic's next delivery."""

    topic: str
    reason: GapReason
    """It read too slowly; what it resumed from was gone; or the server forgot the topic or restarted."""
    first: int
    """The first lost position; 0 if it cannot be told."""
    last: int
    """The last lost position; 0 if it cannot be told."""
    lost_count: int
    """How many deliveries were lost; 0 if it cannot be told."""


def decode_acceptance(message: request_pb2.Acceptance) -> Acceptance:
    """Reads an acceptance."""
    return Acceptance(
        request_id=message.request_id,
        targets=tuple(Target(target.producer_id, target.group) for target in message.targets),
        listener_count=message.listener_count,
        ttl=seconds_of(message.ttl),
        expire_time=datetime_of(message.expire_time),
    )


def decode_summary(message: summary_pb2.Summary) -> Summary:
    """Reads a summary."""
    return Summary(
        request_id=message.request_id,
        topic=message.topic,
        reason=name_of(summary_pb2.SummaryReason, message.reason),
        satisfied=message.satisfied,
        targeted_count=message.targeted_count,
        answered_count=message.answered_count,
        failed_count=message.failed_count,
        missing_count=message.missing_count,
        elapsed=seconds_of(message.elapsed),
        outcomes=tuple(map(_outcome, message.outcomes)),
    )


def decode_gap(message: listener_pb2.Gap) -> Gap:
    """Reads a gap."""
    # `from` is a keyword here.
    first: int = getattr(message, "from")
    reason = name_of(listener_pb2.GapReason, message.reason)
    return Gap(message.topic, reason, first, message.to, message.lost_count)


def _outcome(message: summary_pb2.ProducerOutcome) -> ProducerOutcome:
    return ProducerOutcome(
        producer_id=message.producer_id,
        group=message.group,
        state=name_of(summary_pb2.OutcomeState, message.state),
        latency=seconds_of(message.latency) if message.HasField("latency") else None,
        result_count=message.result_count,
        error=producer_error(message.error) if message.HasField("error") else None,
    )
