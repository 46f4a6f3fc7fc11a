"""Everything this library raises.

DispatcherError                  code, reason, retryable, metadata, field_violations, retry_delay
├── InvalidArgumentError         INVALID_ARGUMENT, here or by the dispatcher; also a ValueError
├── NotFoundError                NOT_FOUND: no such request or listener
├── NoProducersError             FAILED_PRECONDITION, reason NO_PRODUCERS
├── LimitError                   RESOURCE_EXHAUSTED: a limit was reached
├── UnavailableError             UNAVAILABLE: no connection, a dead link, a shutdown; also a ConnectionError
├── SessionReplacedError         ABORTED, reason SESSION_REPLACED: the same id connected again
├── RevokedError                 an assignment is wanted no longer
├── ClosedError                  CANCELLED, reason CLOSED: the client, producer or listener is closed
└── ProducerError                a producer's failure, delivered as a result
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grpc import StatusCode

CODES: Mapping[int, StatusCode] = {code.value[0]: code for code in StatusCode}


@dataclass(frozen=True)
class FieldViolation:
    """One field that was refused, and why."""

    field: str
    """Path of the field, such as `request.ttl` or `kwargs.a[2]`."""
    description: str
    """What is wrong with it, for a developer."""


class DispatcherError(Exception):
    """The root of all errors of this library; compare `reason`, never the text."""

    code: StatusCode
    """The gRPC status code."""
    reason: str
    """The cause as one upper-case word: the dispatcher's, this library's, or the name of the code."""
    details: str
    """The text without the code."""
    metadata: Mapping[str, str]
    """What varies in the text, by name."""
    field_violations: Sequence[FieldViolation]
    """Which fields were refused."""
    retry_delay: float | None
    """How long to wait before the next try, in seconds; None if the dispatcher did not say."""

    def __init__(
        self,
        code: StatusCode,
        details: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        field_violations: Sequence[FieldViolation] = (),
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(f"{code.name}: {details}")
        self.code = code
        self.reason = reason or code.name
        self.details = details
        self.metadata = dict(metadata or {})
        self.field_violations = tuple(field_violations)
        self.retry_delay = retry_delay

    @property
    def retryable(self) -> bool:
        """Whether the same call may well succeed later: UNAVAILABLE, and whatever came with a retry delay."""
        return self.code is StatusCode.UNAVAILABLE or self.retry_delay is not None


class InvalidArgumentError(DispatcherError, ValueError):
    """A field or argument is missing, malformed or out of range; `field_violations` names it."""


class NotFoundError(DispatcherError):
    """No such request is pending or remembered, or no such listener is connected."""


class NoProducersError(DispatcherError):
    """Nobody could be asked, and the request said FAIL."""


class LimitError(DispatcherError):
    """A limit of the dispatcher was reached; `retry_delay` says how long to wait, if that helps."""


class UnavailableError(DispatcherError, ConnectionError):
    """There is no connection, the link is dead, or the dispatcher shuts down."""


class SessionReplacedError(DispatcherError):
    """The same producer or listener id connected again; the newest session wins."""


class RevokedError(DispatcherError):
    """An assignment is wanted no longer.

    The reason is EXPIRED, COMPLETED (the gather ended early), REQUESTED (cancelled), CALLER_GONE, SHUTDOWN,
    SESSION_LOST, or CLOSED (the producer's own close ran out of time).
    """


class ClosedError(DispatcherError):
    """The client, producer or listener was closed."""

    def __init__(self, what: str) -> None:
        super().__init__(StatusCode.CANCELLED, f"the {what} is closed", reason="CLOSED")


class ProducerError(DispatcherError):
    """A producer failed; its error came as its result."""


_CLASSES: Mapping[StatusCode, type[DispatcherError]] = {
    StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    StatusCode.NOT_FOUND: NotFoundError,
    StatusCode.RESOURCE_EXHAUSTED: LimitError,
    StatusCode.UNAVAILABLE: UnavailableError,
}
_CLASSES_BY_REASON: Mapping[str, type[DispatcherError]] = {
    "NO_PRODUCERS": NoProducersError,
    "SESSION_REPLACED": SessionReplacedError,
}


def error_class(code: StatusCode, reason: str) -> type[DispatcherError]:
    """Returns the class for errors that the dispatcher reports."""
    return _CLASSES_BY_REASON.get(reason) or _CLASSES.get(code, DispatcherError)


def invalid_argument(field: str, description: str, reason: str = "") -> InvalidArgumentError:
    """Makes the error about an argument that is refused before anything is sent."""
    return InvalidArgumentError(
        StatusCode.INVALID_ARGUMENT,
        f"{field} {description}",
        reason=reason,
        field_violations=[FieldViolation(field, description)],
    )


def unavailable(details: str, reason: str) -> UnavailableError:
    """Makes the error about a link that does not work."""
    return UnavailableError(StatusCode.UNAVAILABLE, details, reason=reason)
