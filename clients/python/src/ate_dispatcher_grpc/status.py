"""What happens to the session of a producer or listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from ate_dispatcher_grpc.errors import DispatcherError


@dataclass(frozen=True)
class Ready:
    """The session is live."""

    id: str
    """The producer's or listener's id, as given or minted."""
    session_id: str
    """Tells this session from other ones of the same peer."""
    server_id: str
    """The dispatcher process."""


@dataclass(frozen=True)
class Disconnected:
    """The session is lost; the next try follows by itself."""

    error: DispatcherError
    retry_in: float
    """When, in seconds from now."""


@dataclass(frozen=True)
class GoingAway:
    """The server is about to end the session; it goes on until then."""

    grace: float
    """How long pending work may still take, in seconds."""


@dataclass(frozen=True)
class Fault:
    """A harmless mistake, or a callback that raised (reason CALLBACK_FAILED); the session goes on."""

    error: DispatcherError


@dataclass(frozen=True)
class Closed:
    """The session is over for good: closed here (no error), or refused in a way that no retry can mend."""

    error: DispatcherError | None = None


SessionStatus = Union[Ready, Disconnected, GoingAway, Fault, Closed]
