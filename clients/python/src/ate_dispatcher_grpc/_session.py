"""The rules that the sessions of producers and listeners share, with threads and with asyncio."""

from __future__ import annotations

import math
import time
from typing import Final, Protocol

from grpc import StatusCode

from ate_dispatcher_grpc._failures import named_text_of, printable
from ate_dispatcher_grpc.errors import (
    DispatcherError,
    LimitError,
    RevokedError,
    UnavailableError,
    unavailable,
)
from ate_dispatcher_grpc.status import SessionStatus

# A retry would fail the same way. ABORTED: a newer session with the same id replaced this one.
_PERMANENT_CODES: Final = frozenset(
    {
        StatusCode.INVALID_ARGUMENT,
        StatusCode.UNAUTHENTICATED,
        StatusCode.PERMISSION_DENIED,
        StatusCode.UNIMPLEMENTED,
        StatusCode.ABORTED,
    }
)

# How long to wait for the first message of a stream, in seconds: a connection attempt takes up to 20 s.
FIRST_MESSAGE_TIMEOUT: Final = 30.0

# The number of unread items in an inbox at which the stream is no longer read.
MAX_BUFFERED: Final = 1024

# The same while a change of topics awaits its confirmation, which arrives behind the items.
MAX_READ_AHEAD: Final = 65_536

# The minimum time between two reports that a session has no connection, in seconds.
_NOTICE_INTERVAL: Final = 1.0

# How long close waits for running handlers, in seconds: container platforms commonly kill a process after this time.
DEFAULT_GRACE: Final = 30.0


class SessionPort(Protocol):
    """What the core of a producer or listener needs from its owner."""

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live; `heartbeat_interval` is in seconds."""

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream."""

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""

    def report_status(self, status: SessionStatus) -> None:
        """Reports a status to on_status."""


class Notices:
    """Limits the reports about a session that cannot connect to one per second."""

    def __init__(self) -> None:
        self._last_at = -math.inf

    def is_due(self, is_news: bool) -> bool:
        """Returns whether to report a failed attempt; `is_news` if the session was live before it."""
        now = time.monotonic()
        if not is_news and now - self._last_at < _NOTICE_INTERVAL:
            return False
        self._last_at = now
        return True


def disconnected_text(kind: str, address: str, error: DispatcherError, retry_in: float) -> str:
    """Returns the log entry for a session that has no connection."""
    return f"the {kind} is not connected to {address}: {error.details}; next attempt in {retry_in:.1f} s"


def is_permanent(error: DispatcherError, is_token_renewed: bool) -> bool:
    """Returns whether a retry after this error is pointless: another token may be accepted."""
    if error.code is StatusCode.UNAUTHENTICATED and is_token_renewed:
        return False
    return error.code in _PERMANENT_CODES


def with_reason(text: str, error: DispatcherError | None) -> str:
    """Returns a text with the reason of the last failure, if there is one."""
    return text if error is None else f"{text}: {error.details}"


def silence_limit(interval: float) -> float:
    """Returns the silence after which a connection is dead, in seconds: twice the heartbeat interval."""
    return 2 * interval if interval > 0 else FIRST_MESSAGE_TIMEOUT


def heartbeat_lost(silence: float) -> UnavailableError:
    """Returns the error for a dead connection."""
    return unavailable(
        f"nothing received for {silence:.1f} s; the connection is considered dead", "HEARTBEAT_LOST"
    )


def not_connected(address: str, seconds: float) -> UnavailableError:
    """Returns the error for a stream that was not opened in time."""
    return unavailable(f"no stream to {address} could be opened within {seconds:.1f} s", "NOT_CONNECTED")


def slow_consumer() -> LimitError:
    """Returns the error for a confirmation that too many results precede."""
    details = f"{MAX_READ_AHEAD:,} unread results precede the confirmation; read them and it will arrive"
    return LimitError(StatusCode.RESOURCE_EXHAUSTED, details, reason="SLOW_CONSUMER")


def stream_ended() -> UnavailableError:
    """Returns the error for a stream that the server ended without an error."""
    return unavailable("the server ended the stream", "STREAM_ENDED")


def callback_failure(name: str, error: BaseException) -> DispatcherError:
    """Returns the error for a callback that raised."""
    text = printable(f"{name} raised {named_text_of(error)}")
    return DispatcherError(StatusCode.UNKNOWN, text, reason="CALLBACK_FAILED")


def undecodable_event(error: BaseException) -> DispatcherError:
    """Returns the error for an event of the server that cannot be decoded."""
    details = printable(f"cannot decode an event of the server: {named_text_of(error)}")
    return DispatcherError(StatusCode.INTERNAL, details, reason="UNDECODABLE_EVENT")


def session_lost(cause: DispatcherError) -> RevokedError:
    """Returns the revocation for assignments whose session was lost."""
    details = f"the session was lost: {cause.details}"
    return RevokedError(StatusCode.UNAVAILABLE, details, reason="SESSION_LOST")


def producer_closed() -> RevokedError:
    """Returns the revocation for assignments that outlasted the grace of their producer's close."""
    return RevokedError(StatusCode.CANCELLED, "the producer is closed", reason="CLOSED")
