"""What was heard and waits to be taken. Bounded: the one who fills it waits, and so in the end does the server."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

# How many items wait at most before the stream is read on.
_MAX_WAITING = 1024


class Inbox(Generic[T]):
    """A queue with an end."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._items: deque[T] = deque()
        self._urgent = 0
        self._is_closed = False
        self._error: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether the next put waits."""
        return len(self._items) >= _MAX_WAITING and not self._urgent

    def put(self, items: Iterable[T]) -> None:
        """Adds items, then waits until there is room for more."""
        with self._condition:
            if self._is_closed:
                return
            self._items.extend(items)
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._is_closed or not self.is_full)

    @contextmanager
    def overfull(self) -> Iterator[None]:
        """Lets the stream be read on meanwhile: whoever takes items waits for an answer that comes after them."""
        with self._condition:
            self._urgent += 1
            self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._urgent -= 1

    def take(self, timeout: float | None = None) -> T | None:
        """Returns the next item, or None at the end.

        Raises:
            TimeoutError: there was none in time.
            Exception: what the inbox was closed with, after its last item.
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
                    raise TimeoutError("nothing came in time")
                self._condition.wait(left)
            item = self._items.popleft()
            if len(self._items) == _MAX_WAITING // 2:
                self._condition.notify_all()
            return item

    def close(self, error: Exception | None, *, keep: bool = False) -> None:
        """Ends it; what waits can still be taken after an error, or if it is kept."""
        with self._condition:
            if self._is_closed:
                return
            self._is_closed = True
            self._error = error
            if error is None and not keep:
                self._items.clear()
            self._condition.notify_all()

    def clear(self) -> None:
        """Drops what waits."""
        with self._condition:
            self._items.clear()
