"""What the dispatcher reports about requests: acceptances, summaries and gaps, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ate_dispatcher_grpc._enums import EnumNames
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import listener_pb2, request_pb2, summary_pb2
from ate_dispatcher_grpc._status import producer_error
from ate_dispatcher_grpc._time import datetime_of, seconds_of
from ate_dispatcher_grpc.errors import ProducerError

_SUMMARY_REASONS = EnumNames(summary_pb2.SummaryReason)
_OUTCOME_STATES = EnumNames(summary_pb2.OutcomeState)
_GAP_REASONS = EnumNames(listener_pb2.GapReason)


@dataclass(frozen=True)
class Target:
    """One producer that got the request."""

    producer_id: str
    group: str
    """The group the producer was chosen from; empty if it registered without a group."""
    principal: str = ""
    """The principal of the producer; empty if the producer is anonymous."""


@dataclass(frozen=True)
class Acceptance:
    """The dispatcher accepted a request."""

    request_id: str
    targets: Sequence[Target]
    listener_count: int
    """Number of listeners of the topic at acceptance. Listeners that join later receive later results too."""
    ttl: float
    """The TTL that the dispatcher applies, in seconds."""
    expire_time: datetime
    """When the request expires, for logs. The server's monotonic clock decides, not this time."""


SummaryReason = Literal[
    "ALL_ANSWERED", "POLICY_MET", "STALLED", "EXPIRED", "CANCELLED", "NO_PRODUCERS", "SHUTDOWN", "UNSPECIFIED"
]
OutcomeState = Literal[
    "ANSWERED", "FAILED", "MISSED", "DEPARTED", "SATURATED", "CANCELLED", "LATE", "PENDING", "UNSPECIFIED"
]
GapReason = Literal["SLOW_LISTENER", "RETENTION", "EPOCH_CHANGED", "UNSPECIFIED"]


@dataclass(frozen=True)
class ProducerOutcome:
    """The outcome of one assignment."""

    producer_id: str
    group: str
    state: OutcomeState
    latency: float | None
    """Seconds until the producer's last result; None if it sent no result."""
    result_count: int
    error: ProducerError | None
    """The producer's error if `state` is FAILED. The delivered result has the error details."""
    principal: str = ""
    """The principal of the producer: the same id of another principal is another producer. Empty if anonymous."""


@dataclass(frozen=True)
class Summary:
    """Why a request ended, and the outcome of each assignment. Each request has one summary."""

    request_id: str
    topic: str
    reason: SummaryReason
    satisfied: bool
    targeted_count: int
    answered_count: int
    failed_count: int
    missing_count: int
    elapsed: float
    """Seconds from acceptance to end, by the server's clock."""
    outcomes: Sequence[ProducerOutcome]
    requester: str = ""
    """The principal whose request it is; empty if the requester is anonymous."""


@dataclass(frozen=True)
class Gap:
    """Deliveries that a listener lost. A gap precedes the next delivery of its topic."""

    topic: str
    reason: GapReason
    """Why deliveries were lost.

    SLOW_LISTENER: the listener read too slowly. RETENTION: the dispatcher no longer retained the deliveries to resume
    from. EPOCH_CHANGED: the dispatcher restarted or evicted the topic.
    """
    first: int
    """Position of the first lost delivery; 0 if unknown."""
    last: int
    """Position of the last lost delivery; 0 if unknown."""
    lost_count: int
    """Number of lost deliveries; 0 if unknown."""


def decode_acceptance(message: request_pb2.Acceptance) -> Acceptance:
    """Converts an Acceptance from its wire form."""
    return Acceptance(
        request_id=message.request_id,
        targets=tuple(Target(each.producer_id, each.group, each.principal) for each in message.targets),
        listener_count=message.listener_count,
        ttl=seconds_of(message.ttl),
        expire_time=datetime_of(message.expire_time),
    )


def decode_summary(message: summary_pb2.Summary) -> Summary:
    """Converts a Summary from its wire form."""
    return Summary(
        request_id=message.request_id,
        topic=message.topic,
        reason=_SUMMARY_REASONS.of(message.reason),
        satisfied=message.satisfied,
        targeted_count=message.targeted_count,
        answered_count=message.answered_count,
        failed_count=message.failed_count,
        missing_count=message.missing_count,
        elapsed=seconds_of(message.elapsed),
        outcomes=tuple(map(_outcome, message.outcomes)),
        requester=message.requester,
    )


def decode_gap(message: listener_pb2.Gap) -> Gap:
    """Converts a Gap from its wire form."""
    # The field is named `from`, which is a keyword in Python.
    first: int = getattr(message, "from")
    reason = _GAP_REASONS.of(message.reason)
    return Gap(message.topic, reason, first, message.to, message.lost_count)


def _outcome(message: summary_pb2.ProducerOutcome) -> ProducerOutcome:
    return ProducerOutcome(
        producer_id=message.producer_id,
        group=message.group,
        state=_OUTCOME_STATES.of(message.state),
        latency=seconds_of(message.latency) if message.HasField("latency") else None,
        result_count=message.result_count,
        error=producer_error(message.error) if message.HasField("error") else None,
        principal=message.principal,
    )
