"""The messages to send on one stream: the iterator from which gRPC reads requests.

Concatenated batches of the same type form one batch, so messages that queue up while another one is being written go
out as the next message.
"""

from __future__ import annotations

import threading
from collections import deque

from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES

# Larger batches save little, and every server accepts this size.
_MAX_BATCH_BYTES = MAX_MESSAGE_BYTES


class Outbox:
    """A queue of messages that gRPC iterates over until it is closed."""

    def __init__(self, can_merge: bool) -> None:
        self._can_merge = can_merge
        self._condition = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._is_closed = False

    def push(self, message: bytes) -> None:
        """Enqueues a message; drops it if the outbox is closed."""
        with self._condition:
            if not self._is_closed:
                self._messages.append(message)
                self._condition.notify()

    def close(self) -> None:
        """Half-closes the stream once the queued messages are sent."""
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
