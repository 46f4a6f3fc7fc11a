"""Notices a dead link: nothing was heard on a stream for too long. One timer, however much is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ate_dispatcher_grpc._session import FIRST_MESSAGE, silence_limit

# After a stall of this very process timers fire before sockets are read: read first, then judge.
_SECOND_LOOK = 0.1


class Watch:
    """One stream that is watched."""

    def __init__(self, on_dead: Callable[[float], None]) -> None:
        self._on_dead = on_dead
        self._limit = FIRST_MESSAGE
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to watch a new stream, whose heartbeat interval is not known yet."""
        self._limit = FIRST_MESSAGE
        self.resume()

    def resume(self) -> None:
        """Watches on after a stop."""
        self.heard()
        self._arm(self._limit, False)

    def heard(self) -> None:
        """Notes that something arrived."""
        self._heard_at = time.monotonic()

    def set_interval(self, interval: float) -> None:
        """Takes the interval that the server announces, in seconds; 0 leaves the limit as it is."""
        limit = silence_limit(interval)
        if interval > 0 and limit != self._limit:
            self._limit = limit
            if self._timer is not None:
                self._arm(limit, False)

    def stop(self) -> None:
        """Ends the watch, for a while or for good."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, delay: float, is_second_look: bool) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(delay, self._look, is_second_look)

    def _look(self, is_second_look: bool) -> None:
        silent = time.monotonic() - self._heard_at
        if silent < self._limit:
            self._arm(self._limit - silent, False)
        elif is_second_look:
            self.stop()
            self._on_dead(silent)
        else:
            self._arm(_SECOND_LOOK, True)
