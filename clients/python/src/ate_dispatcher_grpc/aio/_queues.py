"""The buffers for messages to send and items to read, for asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES
from ate_dispatcher_grpc._session import MAX_BUFFERED, MAX_READ_AHEAD, slow_consumer

T = TypeVar("T")

# Larger batches save little, and every server accepts this size.
_MAX_BATCH_BYTES = MAX_MESSAGE_BYTES


class Outbox:
    """The messages to send on one stream, in order.

    Concatenated batches of the same type form one batch, so messages that queue up while another one is being written
    go out together.
    """

    def __init__(self, can_merge: bool) -> None:
        self._can_merge = can_merge
        self._messages: deque[bytes] = deque()
        self._not_empty = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._is_flushed.set()
        self._is_closed = False

    def push(self, message: bytes) -> None:
        """Enqueues a message; drops it if the outbox is closed."""
        if not self._is_closed:
            self._messages.append(message)
            self._is_flushed.clear()
            self._not_empty.set()

    def close(self) -> None:
        """Half-closes the stream once the queued messages are sent."""
        self._is_closed = True
        self._not_empty.set()

    def discard(self) -> None:
        """Drops all messages, because the stream is lost, and closes the outbox."""
        self._messages.clear()
        self._is_flushed.set()
        self.close()

    async def flushed(self) -> None:
        """Waits until gRPC has accepted all messages for writing."""
        await self._is_flushed.wait()

    async def take(self) -> bytes | None:
        """Returns the next message, or None if the outbox is closed."""
        if not self._messages:
            self._is_flushed.set()
            if self._is_closed:
                return None
            self._not_empty.clear()
            await self._not_empty.wait()
            if not self._messages:
                return None
        batch = [self._messages.popleft()]
        size = len(batch[0])
        while self._can_merge and self._messages and size + len(self._messages[0]) <= _MAX_BATCH_BYTES:
            batch.append(self._messages.popleft())
            size += len(batch[-1])
        return b"".join(batch)


class Inbox(Generic[T]):
    """A bounded queue that can be closed.

    When it is full, the stream is not read, and flow control stops the server.
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._not_empty = asyncio.Event()
        self._has_room = asyncio.Event()
        self._awaiting: set[asyncio.Future[None]] = set()
        self._unbounded_readers = 0
        self._is_closed = False
        self._error: Exception | None = None

    async def put(self, items: Iterable[T]) -> None:
        """Adds items, then blocks while the queue is full."""
        if self._is_closed:
            return
        self._items.extend(items)
        self._not_empty.set()
        self._check_read_ahead()
        while self._is_full and not self._is_closed:
            self._has_room.clear()
            await self._has_room.wait()

    @contextmanager
    def unbounded(self) -> Iterator[None]:
        """Lifts the limit while the reader of the queue waits for the end of the stream instead of taking items."""
        self._unbounded_readers += 1
        self._has_room.set()
        try:
            yield
        finally:
            self._unbounded_readers -= 1

    async def read_ahead(self, awaited: Future[None]) -> None:
        """Waits for an answer that arrives on the same stream, behind the items.

        Until then the queue accepts MAX_READ_AHEAD items.

        Raises:
            LimitError: MAX_READ_AHEAD items arrived before the answer.
        """
        too_many: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer = asyncio.wrap_future(awaited)
        self._awaiting.add(too_many)
        self._has_room.set()
        self._check_read_ahead()
        try:
            done, _ = await asyncio.wait({answer, too_many}, return_when=asyncio.FIRST_COMPLETED)
            (answer if answer in done else too_many).result()
        finally:
            self._awaiting.discard(too_many)
            answer.cancel()
            too_many.cancel()

    async def take(self) -> T | None:
        """Returns the next item, or None if the inbox is closed.

        Raises:
            Exception: The inbox was closed with this error; raised after its last item.
        """
        while not self._items:
            if self._is_closed:
                if self._error is not None:
                    raise self._error
                return None
            self._not_empty.clear()
            await self._not_empty.wait()
        item = self._items.popleft()
        if len(self._items) <= MAX_BUFFERED // 2:
            self._has_room.set()
        return item

    def close(self, error: Exception | None, *, keep: bool = False) -> None:
        """Closes the queue. Its items stay available if `error` or `keep` is set; otherwise they are dropped."""
        if self._is_closed:
            return
        self._is_closed = True
        self._error = error
        if error is None and not keep:
            self._items.clear()
        self._not_empty.set()
        self._has_room.set()

    @property
    def _is_full(self) -> bool:
        return not self._unbounded_readers and len(self._items) >= (
            MAX_READ_AHEAD if self._awaiting else MAX_BUFFERED
        )

    def _check_read_ahead(self) -> None:
        if len(self._items) >= MAX_READ_AHEAD:
            for too_many in self._awaiting:
                if not too_many.done():
                    too_many.set_exception(slow_consumer())
