"""Notices a dead link: nothing was heard on a stream for too long. One timer, however much is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ate_dispatcher_grpc._session import FIRST_MESSAGE_TIMEOUT, silence_limit

# After a stall of this very process timers fire before sockets are read: read first, then judge.
_RECHECK_DELAY = 0.1


class Watch:
    """One stream that is watched."""

    def __init__(self, on_dead: Callable[[float], None]) -> None:
        self._on_dead = on_dead
        self._limit = FIRST_MESSAGE_TIMEOUT
        self._last_received_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to watch a new stream, whose heartbeat interval is not known yet."""
        self._limit = FIRST_MESSAGE_TIMEOUT
        self.resume()

    def resume(self) -> None:
        """Watches on after a stop."""
        self.message_received()
        self._arm(self._limit, False)

    def message_received(self) -> None:
        """Notes that something arrived."""
        self._last_received_at = time.monotonic()

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

    def _arm(self, delay: float, is_recheck: bool) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(delay, self._check, is_recheck)

    def _check(self, is_recheck: bool) -> None:
        silence = time.monotonic() - self._last_received_at
        if silence < self._limit:
            self._arm(self._limit - silence, False)
        elif is_recheck:
            self.stop()
            self._on_dead(silence)
        else:
            self._arm(_RECHECK_DELAY, True)
