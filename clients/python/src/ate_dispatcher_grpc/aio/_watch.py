"""Detects a dead connection: a stream on which nothing arrives for too long. One timer, not reset by messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ate_dispatcher_grpc._session import FIRST_MESSAGE_TIMEOUT, silence_limit

# In seconds. After a stall of this process, the timer fires before pending messages are read. So a silent stream is
# checked a second time before it counts as dead.
_RECHECK_DELAY = 0.1


class Watch:
    """Watches one stream."""

    def __init__(self, on_dead: Callable[[float], None]) -> None:
        self._on_dead = on_dead
        self._limit = FIRST_MESSAGE_TIMEOUT
        self._last_received_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Starts to watch a new stream, whose heartbeat interval is not known yet."""
        self._limit = FIRST_MESSAGE_TIMEOUT
        self.resume()

    def resume(self) -> None:
        """Continues to watch after stop; counts the silence from now."""
        self.message_received()
        self._arm(self._limit, False)

    def message_received(self) -> None:
        """Records that a message arrived."""
        self._last_received_at = time.monotonic()

    def set_interval(self, interval: float) -> None:
        """Sets the heartbeat interval that the server announced, in seconds; 0 keeps the current limit."""
        limit = silence_limit(interval)
        if interval > 0 and limit != self._limit:
            self._limit = limit
            if self._timer is not None:
                self._arm(limit, False)

    def set_limit(self, limit: float) -> None:
        """Sets the silence after which the stream is dead, in seconds; counts it from the last message."""
        self._limit = limit
        if self._timer is not None:
            self._arm(max(0.0, self._last_received_at + limit - time.monotonic()), False)

    def stop(self) -> None:
        """Stops watching; resume continues."""
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
