"""The errors that this library raises.

DispatcherError                  code, reason, retryable, metadata, field_violations, retry_delay
├── InvalidArgumentError         INVALID_ARGUMENT, from this library or the dispatcher; also a ValueError
├── NotFoundError                NOT_FOUND: unknown request or listener
├── NoProducersError             FAILED_PRECONDITION, reason NO_PRODUCERS
├── LimitError                   RESOURCE_EXHAUSTED: a limit was reached
├── UnavailableError             UNAVAILABLE: no connection, or the dispatcher shuts down; also a ConnectionError
├── UnauthenticatedError         UNAUTHENTICATED: no valid credentials, or no token (reason NO_TOKEN)
├── PermissionDeniedError        PERMISSION_DENIED: the policy does not allow it; also a PermissionError
├── SessionReplacedError         ABORTED, reason SESSION_REPLACED: a newer session has the same id
├── RevokedError                 an assignment was revoked
├── ClosedError                  CANCELLED, reason CLOSED: the client, producer or listener is closed
└── ProducerError                a producer's error, delivered as its result
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grpc import StatusCode

CODES: Mapping[int, StatusCode] = {code.value[0]: code for code in StatusCode}


@dataclass(frozen=True)
class FieldViolation:
    """One rejected field, and why it was rejected."""

    field: str
    """Path of the field, for example `request.ttl` or `kwargs.a[2]`."""
    description: str
    """What is wrong with it, for a developer."""


class DispatcherError(Exception):
    """The base class of all errors of this library. Compare `reason`, never the text."""

    code: StatusCode
    """The gRPC status code."""
    reason: str
    """The cause in UPPER_SNAKE_CASE, set by the dispatcher or this library; otherwise the name of `code`."""
    details: str
    """The message without the code."""
    metadata: Mapping[str, str]
    """The variable parts of the message, by name."""
    field_violations: Sequence[FieldViolation]
    """The rejected fields."""
    retry_delay: float | None
    """How long to wait before a retry, in seconds; None if the dispatcher suggested no delay."""

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
        """Whether a retry may succeed: True for UNAVAILABLE, and for errors with a retry delay."""
        return self.code is StatusCode.UNAVAILABLE or self.retry_delay is not None


class InvalidArgumentError(DispatcherError, ValueError):
    """An argument or field is missing, malformed or out of range; `field_violations` names it."""


class NotFoundError(DispatcherError):
    """The dispatcher knows no such request, or no such listener is connected."""


class NoProducersError(DispatcherError):
    """No producer matched, and `no_producers_action` of the request is FAIL."""


class LimitError(DispatcherError):
    """A limit was reached. `retry_delay` says how long to wait, if a retry can help."""


class UnavailableError(DispatcherError, ConnectionError):
    """There is no working connection, or the dispatcher shuts down."""


class UnauthenticatedError(DispatcherError):
    """The dispatcher does not accept the credentials of the call, or the function that returns its token failed.

    In the second case the reason is NO_TOKEN, and nothing was sent.
    """


class PermissionDeniedError(DispatcherError, PermissionError):
    """The policy of the dispatcher does not allow the action on the topic; the reason is NOT_ALLOWED."""


class SessionReplacedError(DispatcherError):
    """A newer session with the same producer or listener id replaced this one."""


class RevokedError(DispatcherError):
    """An assignment was revoked: its result is no longer needed.

    The reason is EXPIRED, COMPLETED (the gather ended early), REQUESTED (cancelled), CALLER_GONE, SHUTDOWN,
    SESSION_LOST, or CLOSED (the handler outlasted the grace of the producer's `close`).
    """


class ClosedError(DispatcherError):
    """The client, producer or listener was closed."""

    def __init__(self, what: str) -> None:
        super().__init__(StatusCode.CANCELLED, f"the {what} is closed", reason="CLOSED")


class ProducerError(DispatcherError):
    """A producer answered with an error."""


_CLASSES: Mapping[StatusCode, type[DispatcherError]] = {
    StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    StatusCode.NOT_FOUND: NotFoundError,
    StatusCode.RESOURCE_EXHAUSTED: LimitError,
    StatusCode.UNAVAILABLE: UnavailableError,
    StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    StatusCode.PERMISSION_DENIED: PermissionDeniedError,
}
_CLASSES_BY_REASON: Mapping[str, type[DispatcherError]] = {
    "NO_PRODUCERS": NoProducersError,
    "SESSION_REPLACED": SessionReplacedError,
}


def error_class(code: StatusCode, reason: str) -> type[DispatcherError]:
    """Returns the error class for a status that the dispatcher sent."""
    return _CLASSES_BY_REASON.get(reason) or _CLASSES.get(code, DispatcherError)


def invalid_argument(field: str, description: str, reason: str = "INVALID_FIELD") -> InvalidArgumentError:
    """Returns the error for an argument that this library rejects before it sends anything.

    The reason, and the path where the field is one of a message, are those that the dispatcher would give.
    """
    return InvalidArgumentError(
        StatusCode.INVALID_ARGUMENT,
        f"{field} {description}",
        reason=reason,
        field_violations=[FieldViolation(field, description)],
    )


def unavailable(details: str, reason: str) -> UnavailableError:
    """Returns the error for a connection that does not work."""
    return UnavailableError(StatusCode.UNAVAILABLE, details, reason=reason)
