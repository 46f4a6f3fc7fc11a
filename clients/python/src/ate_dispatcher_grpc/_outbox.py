"""What waits to be sent on a stream: the iterator that gRPC reads requests from.

Batches of one kind joined end to end are one batch, so whatever has gathered while a message was being sent goes out as
the next message.
"""

from __future__ import annotations

import threading
from collections import deque

# Where a batch ends: far below any server's limit, far above what saves anything.
_MAX_BATCH_BYTES = 256 * 1024


class Outbox:
    """Messages in order; ends when closed."""

    def __init__(self, can_merge: bool) -> None:
        self._can_merge = can_merge
        self._condition = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._is_closed = False

    def push(self, message: bytes) -> None:
        """Adds a message; after the end it is dropped."""
        with self._condition:
            if not self._is_closed:
                self._messages.append(message)
                self._condition.notify()

    def close(self) -> None:
        """Ends the stream of requests, after what was added."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()

    def __iter__(self) -> Outbox:
        return self

    def __next__(self) -> bytes:
        with self._condition:
            while not self._messages:
                if self._is_closed:
                    raise StopIteration
                self._condition.wait()
            batch = [self._messages.popleft()]
            size = len(batch[0])
            while self._can_merge and self._messages and size + len(self._messages[0]) <= _MAX_BATCH_BYTES:
                batch.append(self._messages.popleft())
                size += len(batch[-1])
        return b"".join(batch)
