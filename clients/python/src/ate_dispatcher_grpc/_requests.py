"""The requests of one call, for threads: tells whether the first one is on the wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain


class Requests:
    """The iterator from which gRPC reads the requests of a call.

    gRPC asks for the second request when the first one is written. Until then the call can be given up, and its
    requests can be sent on another connection.
    """

    def __init__(self, source: Iterator[bytes], on_written: Callable[[], object]) -> None:
        self._source = source
        self._on_written = on_written
        self._lock = threading.Lock()
        self._first: bytes | None = None
        self._is_retired = False
        self.is_written = False

    def __iter__(self) -> Requests:
        return self

    def __next__(self) -> bytes:
        with self._lock:
            if self._is_retired:
                raise StopIteration
            if self._first is None and not self.is_written:
                # The first request is there when the call starts, so this does not block.
                self._first = next(self._source)
                return self._first
            is_news, self.is_written, self._first = not self.is_written, True, None
        if is_news:
            self._on_written()
        return next(self._source)

    def give_up(self) -> Iterator[bytes] | None:
        """Returns the requests to send on another connection; None if the first one is already on the wire."""
        with self._lock:
            if self.is_written or self._is_retired:
                return None
            self._is_retired = True
            return self._source if self._first is None else chain([self._first], self._source)
