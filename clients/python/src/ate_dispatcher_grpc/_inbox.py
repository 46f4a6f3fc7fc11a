"""The buffer between the stream and the program, for threads.

The buffer is bounded. When it is full, the reading thread blocks, the stream is not read, and flow control stops the
server.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from ate_dispatcher_grpc._session import MAX_BUFFERED, MAX_READ_AHEAD, slow_consumer
from ate_dispatcher_grpc._time import wait_time

T = TypeVar("T")


class Inbox(Generic[T]):
    """A bounded queue that can be closed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._items: deque[T] = deque()
        self._awaiting: set[Future[None]] = set()
        self._is_closed = False
        self._error: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether `put` blocks."""
        return len(self._items) >= (MAX_READ_AHEAD if self._awaiting else MAX_BUFFERED)

    def put(self, items: Iterable[T]) -> None:
        """Adds items, then blocks while the queue is full."""
        with self._condition:
            if self._is_closed:
                return
            self._items.extend(items)
            self._condition.notify_all()
            self._check_read_ahead()
            self._condition.wait_for(lambda: self._is_closed or not self.is_full)

    @contextmanager
    def read_ahead(self, awaited: Future[None]) -> Iterator[Future[None]]:
        """Allows MAX_READ_AHEAD items while the reader of the queue waits for an answer instead of taking items.

        The answer arrives on the same stream, behind the items. Yields a future to wait for instead of `awaited`; it
        fails with LimitError if MAX_READ_AHEAD items arrive first.
        """
        answer: Future[None] = Future()
        with self._condition:
            self._awaiting.add(answer)
            self._condition.notify_all()
            self._check_read_ahead()
        awaited.add_done_callback(lambda _: self._settle(answer, awaited.exception()))
        try:
            yield answer
        finally:
            with self._condition:
                self._awaiting.discard(answer)

    def take(self, timeout: float | None = None) -> T | None:
        """Returns the next item, or None if the inbox is closed.

        Args:
            timeout: In seconds; None waits without a limit.

        Raises:
            TimeoutError: No item arrived in time.
            Exception: The inbox was closed with this error; raised after its last item.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._condition:
            while not self._items:
                if self._is_closed:
                    if self._error is not None:
                        raise self._error
                    return None
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError("no result arrived in time")
                self._condition.wait(wait_time(left))
            item = self._items.popleft()
            if len(self._items) == MAX_BUFFERED // 2:
                self._condition.notify_all()
            return item

    def close(self, error: Exception | None, *, keep: bool = False) -> None:
        """Closes the queue. Its items stay available if `error` or `keep` is set; otherwise they are dropped."""
        with self._condition:
            if self._is_closed:
                return
            self._is_closed = True
            self._error = error
            if error is None and not keep:
                self._items.clear()
            self._condition.notify_all()

    def clear(self) -> None:
        """Drops all items."""
        with self._condition:
            self._items.clear()

    def _check_read_ahead(self) -> None:
        if len(self._items) >= MAX_READ_AHEAD:
            for answer in self._awaiting:
                self._settle(answer, slow_consumer())

    def _settle(self, answer: Future[None], error: BaseException | None) -> None:
        with self._condition:
            if answer.done():
                return
            if error is None:
                answer.set_result(None)
            else:
                answer.set_exception(error)
