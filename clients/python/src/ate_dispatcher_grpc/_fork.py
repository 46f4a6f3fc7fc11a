"""Detects that a client is used in a forked child, where its threads and connections do not exist."""

from __future__ import annotations

import os

from grpc import StatusCode

from ate_dispatcher_grpc.errors import DispatcherError

# The process in which this library opened a connection first. gRPC works in a child of it only with its fork support.
_first_process: int | None = None


class Owner:
    """The process that created a client.

    Raises DispatcherError (FORKED) if gRPC cannot work in this process.
    """

    def __init__(self) -> None:
        global _first_process
        self._pid = os.getpid()
        if _first_process is None:
            _first_process = self._pid
        elif _first_process != self._pid and not _has_fork_support():
            raise _forked(
                f"process {_first_process}, which forked this one, uses gRPC, so gRPC cannot work here; fork before "
                "the first client is created, use the start method spawn of multiprocessing, or set "
                "GRPC_ENABLE_FORK_SUPPORT=1 before grpc is imported"
            )

    @property
    def is_current(self) -> bool:
        """Whether this is the process that created the client."""
        return os.getpid() == self._pid

    def ensure_current(self) -> None:
        """Raises DispatcherError (FORKED) in a forked child."""
        if os.getpid() != self._pid:
            raise _forked(f"this client belongs to process {self._pid}; create one in this process")


def _has_fork_support() -> bool:
    # As grpc reads it.
    return os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in ("1", "yes", "true")


def _forked(details: str) -> DispatcherError:
    return DispatcherError(StatusCode.FAILED_PRECONDITION, details, reason="FORKED")
