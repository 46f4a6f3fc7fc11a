"""Detects dead connections: streams on which nothing arrives for too long. One thread watches all streams."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from ate_dispatcher_grpc._failures import log_failure
from ate_dispatcher_grpc._session import FIRST_MESSAGE_TIMEOUT, silence_limit

_log = logging.getLogger("ate_dispatcher_grpc")

# In seconds. After a stall of this process, the timer fires before pending messages are read. So a silent stream is
# checked a second time before it counts as dead.
_RECHECK_DELAY = 0.1


class Watch:
    """Watches one stream."""

    def __init__(self, watchdog: Watchdog, on_dead: Callable[[float], None]) -> None:
        self._watchdog = watchdog
        self.on_dead = on_dead
        self.limit = FIRST_MESSAGE_TIMEOUT
        self.last_received_at = 0.0
        self.is_suspected = False

    def start(self) -> None:
        """Starts to watch a new stream, whose heartbeat interval is not known yet."""
        self.limit = FIRST_MESSAGE_TIMEOUT
        self.resume()

    def resume(self) -> None:
        """Continues to watch after stop; counts the silence from now."""
        self.message_received()
        self._watchdog.add(self)

    def message_received(self) -> None:
        """Records that a message arrived."""
        self.last_received_at = time.monotonic()
        self.is_suspected = False

    def set_interval(self, interval: float) -> None:
        """Sets the heartbeat interval that the server announced, in seconds; 0 keeps the current limit."""
        if interval > 0:
            self.limit = silence_limit(interval)
            self._watchdog.wake()

    def stop(self) -> None:
        """Stops watching; resume continues."""
        self._watchdog.discard(self)


class Watchdog:
    """The thread that checks all watched streams. It runs while there is a stream to watch."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._watches: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0
        self._is_closed = False

    def add(self, watch: Watch) -> None:
        """Starts to check a stream."""
        with self._condition:
            if self._is_closed:
                return
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ate-dispatcher-watchdog", daemon=True)
                self._thread.start()
            elif watch.last_received_at + watch.limit < self._wakes_at:
                self._condition.notify_all()

    def discard(self, watch: Watch) -> None:
        """Stops checking a stream."""
        with self._condition:
            self._watches.discard(watch)

    def wake(self) -> None:
        """Makes the thread read changed limits."""
        with self._condition:
            self._condition.notify()

    def close(self) -> None:
        """Stops watching all streams, and waits for the thread to end."""
        with self._condition:
            self._is_closed = True
            self._watches.clear()
            thread = self._thread
            self._condition.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                # An idle thread waits for a second before it ends, so that consecutive gathers can share it.
                if not self._watches and not self._idle():
                    self._thread = None
                    return
                dead, delay = self._check(time.monotonic())
                if not dead:
                    self._wakes_at = time.monotonic() + delay
                    self._condition.wait(delay)
                    continue
            for watch, silence in dead:
                try:
                    watch.on_dead(silence)
                # The system may have no thread to spare for a further call; the other streams are still watched.
                except BaseException as error:
                    log_failure(_log, "the end of a silent stream", error)

    def _idle(self) -> bool:
        self._wakes_at = float("inf")
        self._condition.wait_for(lambda: self._watches or self._is_closed, 1.0)
        return bool(self._watches)

    def _check(self, now: float) -> tuple[list[tuple[Watch, float]], float]:
        dead, delay = [], FIRST_MESSAGE_TIMEOUT
        for watch in self._watches:
            silence = now - watch.last_received_at
            if silence < watch.limit:
                delay = min(delay, watch.limit - silence)
            elif watch.is_suspected and silence >= watch.limit + _RECHECK_DELAY:
                dead.append((watch, silence))
            else:
                watch.is_suspected = True
                delay = min(delay, _RECHECK_DELAY)
        for watch, _ in dead:
            self._watches.discard(watch)
        return dead, delay
