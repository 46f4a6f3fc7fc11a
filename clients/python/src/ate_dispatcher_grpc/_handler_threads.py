"""The threads that run handlers.

A thread starts when a call would have to wait, and ends when it is idle. All threads are daemons, so that they cannot
delay the exit of the program.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

# How long an idle thread waits for the next call, in seconds.
_IDLE_SECONDS = 5.0


class HandlerThreads:
    """Runs calls in at most `limit` threads; further calls are queued."""

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self._name = name
        self._condition = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._is_closed = False

    def submit(self, call: Callable[[], None]) -> None:
        """Enqueues a call, which must not raise; drops it after close."""
        with self._condition:
            if self._is_closed:
                return
            self._waiting.append(call)
            if self._idle >= len(self._waiting):
                self._condition.notify()
            elif len(self._threads) < self.limit:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._threads.add(thread)
                thread.start()

    def withdraw(self, call: Callable[[], None]) -> bool:
        """Removes a queued call; returns False if it has already started."""
        with self._condition:
            if call not in self._waiting:
                return False
            self._waiting.remove(call)
            return True

    def close(self, deadline: float) -> None:
        """Drops queued calls, and waits for running ones until the monotonic clock reaches `deadline`."""
        with self._condition:
            self._is_closed = True
            self._waiting.clear()
            self._condition.notify_all()
            threads = self._threads - {threading.current_thread()}
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            self._idle += 1
            self._condition.wait_for(lambda: self._waiting or self._is_closed, _IDLE_SECONDS)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads.discard(threading.current_thread())
            return None
