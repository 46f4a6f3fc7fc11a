"""The threads that run handlers.

A thread starts when a call would have to wait, and ends when it is idle. All threads are daemons, so that they cannot
delay the exit of the program.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from ate_dispatcher_grpc._failures import log_failure
from ate_dispatcher_grpc._time import wait_time

_log = logging.getLogger("ate_dispatcher_grpc")

# How long an idle thread waits for the next call, in seconds.
_IDLE_SECONDS = 5.0


class HandlerThreads:
    """Runs calls in at most `limit` threads; further calls are queued."""

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
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
            else:
                self._start_threads()

    def set_limit(self, limit: int) -> None:
        """Changes the limit: starts threads for queued calls, or lets threads end after the call they run."""
        with self._condition:
            self._limit = limit
            self._start_threads()

    def withdraw(self, call: Callable[[], None]) -> bool:
        """Removes a queued call; returns False if it has already started."""
        with self._condition:
            if call not in self._waiting:
                return False
            self._waiting.remove(call)
            return True

    def is_current(self) -> bool:
        """Returns whether the current thread is one of these."""
        with self._condition:
            return threading.current_thread() in self._threads

    def close(self, deadline: float) -> None:
        """Drops queued calls, and waits for running ones until the monotonic clock reaches `deadline`."""
        with self._condition:
            self._is_closed = True
            self._waiting.clear()
            self._condition.notify_all()
            threads = self._threads - {threading.current_thread()}
        for thread in threads:
            thread.join(wait_time(deadline - time.monotonic()))

    def _start_threads(self) -> None:
        missing = min(len(self._waiting) - self._idle, self._limit - len(self._threads))
        for _ in range(missing):
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._threads.add(thread)
            try:
                thread.start()
            except RuntimeError as error:
                # The call stays queued for a thread that becomes idle, and for the next attempt to start one.
                self._threads.discard(thread)
                log_failure(_log, "the start of a handler's thread", error)
                return

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            # A thread that ended here would stay counted, and no other would take its place.
            except BaseException as error:
                log_failure(_log, "a handler's thread", error)

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            self._idle += 1
            self._condition.wait_for(lambda: self._waiting or self._is_closed, _IDLE_SECONDS)
            self._idle -= 1
            if self._waiting and len(self._threads) <= self._limit:
                return self._waiting.popleft()
            self._threads.discard(threading.current_thread())
            return None
