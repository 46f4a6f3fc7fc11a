"""What the long streams of producers and listeners have in common, threaded or not."""

from __future__ import annotations

from typing import Final, Protocol

from grpc import StatusCode

from ate_dispatcher_grpc.errors import (
    DispatcherError,
    LimitError,
    RevokedError,
    UnavailableError,
    unavailable,
)
from ate_dispatcher_grpc.status import SessionStatus

# These say that the next try would fail the same way. ABORTED: a newer session of the same id took over.
_PERMANENT_CODES: Final = frozenset(
    {
        StatusCode.INVALID_ARGUMENT,
        StatusCode.UNAUTHENTICATED,
        StatusCode.PERMISSION_DENIED,
        StatusCode.UNIMPLEMENTED,
        StatusCode.ABORTED,
    }
)

# A session that was live this long, in seconds, was a good one: the next loss is a new matter.
STABLE_AFTER: Final = 5.0

# How long to wait for a stream's first message, in seconds: a connection attempt (20 s), and some.
FIRST_MESSAGE_TIMEOUT: Final = 30.0

# How many results of a listener wait at most before the stream is read on.
MAX_BUFFERED: Final = 1024

# The same while the answer to a change of topics is awaited, which comes after them.
MAX_READ_AHEAD: Final = 65_536

# How long a close waits for pending work, in seconds: what container platforms commonly grant a process to stop.
DEFAULT_GRACE: Final = 30.0


class SessionPort(Protocol):
    """What a session's core asks of the one that drives it."""

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """The server said that the session is live."""

    def set_heartbeat_interval(self, interval: float) -> None:
        """The server announced its heartbeats anew."""

    def report_status(self, status: SessionStatus) -> None:
        """Something is to be told to the owner."""


def is_permanent(error: DispatcherError) -> bool:
    """Says whether a stream that ended so should not be tried again."""
    return error.code in _PERMANENT_CODES


def silence_limit(interval: float) -> float:
    """Returns after how many seconds of silence a link is dead: twice the interval in which heartbeats come."""
    return 2 * interval if interval > 0 else FIRST_MESSAGE_TIMEOUT


def heartbeat_lost(silence: float) -> UnavailableError:
    """Makes the error of a dead link."""
    return unavailable(f"nothing was heard for {silence:.1f} s; the link is taken for dead", "HEARTBEAT_LOST")


def slow_consumer() -> LimitError:
    """Makes the error for an answer that too many results come before."""
    details = f"{MAX_READ_AHEAD:,} results wait to be taken before the answer; take them, and it will come"
    return LimitError(StatusCode.RESOURCE_EXHAUSTED, details, reason="SLOW_CONSUMER")


def stream_ended() -> UnavailableError:
    """Makes the error of a stream that the server ended without a word."""
    return unavailable("the server ended the stream", "STREAM_ENDED")


def session_lost(cause: DispatcherError) -> RevokedError:
    """Makes the error for assignments whose session was lost."""
    details = f"the session was lost: {cause.details}"
    return RevokedError(StatusCode.UNAVAILABLE, details, reason="SESSION_LOST")


def producer_closed() -> RevokedError:
    """Makes the error for assignments that outlasted the close of their producer."""
    return RevokedError(StatusCode.CANCELLED, "the producer is closed", reason="CLOSED")
