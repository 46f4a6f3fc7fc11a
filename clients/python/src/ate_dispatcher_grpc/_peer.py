"""The interface between a session and its producer or listener, with threads."""

from __future__ import annotations

from typing import Protocol

from ate_dispatcher_grpc.errors import DispatcherError


class Peer(Protocol):
    """What a session needs from a producer or listener.

    The session holds its lock while it calls these methods, except `receive`.
    """

    kind: str
    path: str
    merges_messages: bool

    def first_messages(self) -> list[bytes]:
        """Returns the first messages of a new stream, at least one."""

    def receive(self, message: bytes) -> None:
        """Handles one message from the server."""

    def stream_lost(self, error: DispatcherError) -> None:
        """Discards the state of a stream that was lost."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases all waiters: no further stream follows. `error` is None if the program closed the session."""
