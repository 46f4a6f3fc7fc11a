"""Detects that a client is used in a forked child, where its threads and connections do not exist."""

from __future__ import annotations

import os
import weakref

from grpc import StatusCode

from ate_dispatcher_grpc.errors import DispatcherError

# The owners of open clients. gRPC works in a forked child only if there are none, or with its fork support.
_open: weakref.WeakSet[Owner] = weakref.WeakSet()

# The process that forked this one while it had open clients.
_forked_from: int | None = None


class Owner:
    """The process that created a client.

    Raises DispatcherError (FORKED) if gRPC cannot work in this process.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        if _forked_from is not None and not _has_fork_support():
            raise _forked(
                f"process {_forked_from} had open clients when it forked this one, so gRPC cannot work here; fork "
                "before the first client is created, use the start method spawn of multiprocessing, or set "
                "GRPC_ENABLE_FORK_SUPPORT=1 before grpc is imported"
            )
        _open.add(self)

    def closed(self) -> None:
        """Records that the client is closed."""
        _open.discard(self)

    @property
    def is_current(self) -> bool:
        """Whether this is the process that created the client."""
        return os.getpid() == self._pid

    def ensure_current(self) -> None:
        """Raises DispatcherError (FORKED) in a forked child."""
        if os.getpid() != self._pid:
            raise _forked(f"this client belongs to process {self._pid}; create one in this process")


def _after_fork() -> None:
    global _forked_from, _open
    if len(_open) > 0:
        _forked_from = os.getppid()
    _open = weakref.WeakSet()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _has_fork_support() -> bool:
    # As grpc reads it.
    return os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in ("1", "yes", "true")


def _forked(details: str) -> DispatcherError:
    return DispatcherError(StatusCode.FAILED_PRECONDITION, details, reason="FORKED")
