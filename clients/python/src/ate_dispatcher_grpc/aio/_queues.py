"""What waits to be sent, and what was heard and waits to be taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

# Where a batch ends: far below any server's limit, far above what saves anything.
_MAX_BATCH_BYTES = 256 * 1024

# How many items wait at most before the stream is read on.
_MAX_WAITING = 1024


class Outbox:
    """Messages; batches of one kind joined end to end are one batch, and so what has gathered goes out at once."""

    def __init__(self, can_join: bool) -> None:
        self._can_join = can_join
        self._messages: deque[bytes] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._is_closed = False

    def push(self, message: bytes) -> None:
        """Adds a message; after the end it is dropped."""
        if not self._is_closed:
            self._messages.append(message)
            self._emptied.clear()
            self._filled.set()

    def close(self) -> None:
        """Ends the stream of requests, after what was added."""
        self._is_closed = True
        self._filled.set()

    def abandon(self) -> None:
        """Drops what waits; the stream is gone."""
        self._messages.clear()
        self._emptied.set()
        self.close()

    async def emptied(self) -> None:
        """Waits until all was handed to the stream."""
        await self._emptied.wait()

    async def take(self) -> bytes | None:
        """Returns the next message, or None at the end."""
        if not self._messages:
            self._emptied.set()
            if self._is_closed:
                return None
            self._filled.clear()
            await self._filled.wait()
            if not self._messages:
                return None
        batch = [self._messages.popleft()]
        size = len(batch[0])
        while self._can_join and self._messages and size + len(self._messages[0]) <= _MAX_BATCH_BYTES:
            batch.append(self._messages.popleft())
            size += len(batch[-1])
        return b"".join(batch)


class Inbox(Generic[T]):
    """A bounded queue with an end: the one who fills it waits, and so in the end does the server."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._filled = asyncio.Event()
        self._has_room = asyncio.Event()
        self._urgent = 0
        self._is_closed = False
        self._error: Exception | None = None

    async def put(self, items: Iterable[T]) -> None:
        """Adds items, then waits until there is room for more."""
        if self._is_closed:
            return
        self._items.extend(items)
        self._filled.set()
        while len(self._items) >= _MAX_WAITING and not self._urgent and not self._is_closed:
            self._has_room.clear()
            await self._has_room.wait()

    @contextmanager
    def overfull(self) -> Iterator[None]:
        """Lets the stream be read on meanwhile: whoever takes items waits for an answer that comes after them."""
        self._urgent += 1
        self._has_room.set()
        try:
            yield
        finally:
            self._urgent -= 1

    async def take(self) -> T | None:
        """Returns the next item, or None at the end; raises what the inbox was closed with, after its last item."""
        while not self._items:
            if self._is_closed:
                if self._error is not None:
                    raise self._error
                return None
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        if len(self._items) <= _MAX_WAITING // 2:
            self._has_room.set()
        return item

    def close(self, error: Exception | None, *, keep: bool = False) -> None:
        """Ends it; what waits can still be taken after an error, or if it is kept."""
        if self._is_closed:
            return
        self._is_closed = True
        self._error = error
        if error is None and not keep:
            self._items.clear()
        self._filled.set()
        self._has_room.set()
