"""The statuses that on_status reports about the session of a producer or listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from ate_dispatcher_grpc.errors import DispatcherError


@dataclass(frozen=True)
class Ready:
    """The session is live."""

    id: str
    """The id of the producer or listener, chosen by the caller or assigned by the server."""
    session_id: str
    """Unique for each session, also of the same producer or listener."""
    server_id: str
    """The id of the dispatcher process."""


@dataclass(frozen=True)
class Disconnected:
    """The session was lost. The client reconnects by itself."""

    error: DispatcherError
    retry_in: float
    """Seconds until the next attempt to connect."""


@dataclass(frozen=True)
class GoingAway:
    """The server will end the session soon. The session continues until then."""

    grace: float
    """How long outstanding assignments may still take, in seconds."""


@dataclass(frozen=True)
class Fault:
    """An error that does not end the session: a rejected message, or a callback that raised (CALLBACK_FAILED)."""

    error: DispatcherError


@dataclass(frozen=True)
class Closed:
    """The session has ended for good.

    `error` is None if this program closed it. Otherwise the dispatcher ended it with an error that a retry cannot fix.
    """

    error: DispatcherError | None = None


SessionStatus = Union[Ready, Disconnected, GoingAway, Fault, Closed]
