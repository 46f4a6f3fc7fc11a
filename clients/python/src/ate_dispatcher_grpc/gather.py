"""A request whose results come back to the caller, with threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import TracebackType

import grpc

from ate_dispatcher_grpc._connection import Call, Connection
from ate_dispatcher_grpc._gather_core import GatherCore
from ate_dispatcher_grpc._session import heartbeat_lost
from ate_dispatcher_grpc._watchdog import Watch
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.results import Acceptance, Summary


class Gather:
    """Results as they arrive, then a summary. Made by `Client.gather`.

    Iterate over it; the loop ends with the request. Leaving a `with` block before that cancels the request. If it is
    refused or the link breaks, the loop and the properties raise the same error. It may be used by several threads.
    """

    def __init__(
        self,
        connection: Connection,
        stream: tuple[grpc.Channel, Call],
        request_id: str,
        cancel_request: Callable[[str], Summary],
    ) -> None:
        self._connection = connection
        self._channel, self._call = stream
        self._request_id = request_id
        self._cancel_request = cancel_request
        self._core = GatherCore()
        self._changed = threading.Condition()
        self._is_reading = False
        self._abort_error: DispatcherError | None = None
        self._watch = Watch(connection.watchdog, self._on_dead)

    @property
    def acceptance(self) -> Acceptance:
        """Who is asked; waits for it.

        Raises:
            DispatcherError: the request was refused, or nobody can tell.
        """
        self._read_until(lambda: self._core.acceptance is not None)
        if self._core.acceptance is None:
            raise self._error()
        return self._core.acceptance

    @property
    def summary(self) -> Summary:
        """How it ended; waits for that. Results that were not taken stay in the loop.

        Raises:
            DispatcherError: the request was refused, or nobody can tell.
        """
        self._read_until(lambda: self._core.summary is not None)
        if self._core.summary is None:
            raise self._error()
        return self._core.summary

    def __iter__(self) -> Iterator[ResultDelivery]:
        return self

    def __next__(self) -> ResultDelivery:
        """Returns the next result; raises as `summary` does."""
        self._read_until(lambda: bool(self._core.results))
        with self._changed:
            if self._core.results:
                return self._core.results.popleft()
            if self._core.error is not None:
                raise self._core.error
            raise StopIteration

    def cancel(self) -> None:
        """Asks the server to end it: the results stop, and the summary says CANCELLED.

        Raises:
            DispatcherError: the server could not be asked.
        """
        if not self._core.is_over:
            self._cancel_request(self._request_id or self.acceptance.request_id)

    def close(self) -> None:
        """Leaves it: if it is not over, its producers are told CALLER_GONE. Never raises."""
        self._abort_error = self._abort_error or ClosedError("gather")
        self._watch.stop()
        self._call.cancel()

    def __enter__(self) -> Gather:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _error(self) -> DispatcherError:
        assert self._core.error is not None
        return self._core.error

    def _read_until(self, is_available: Callable[[], bool]) -> None:
        """Reads the stream, unless another thread does, until it is there or all is over."""
        with self._changed:
            while not (is_available() or self._core.is_over):
                if self._is_reading:
                    self._changed.wait()
                    continue
                self._is_reading = True
                self._changed.release()
                try:
                    message, error = self._read()
                finally:
                    self._changed.acquire()
                    self._is_reading = False
                    self._changed.notify_all()
                if message is not None:
                    self._core.receive(message)
                    self._watch.set_interval(self._core.heartbeat_interval)
                else:
                    self._core.fail(error)

    def _read(self) -> tuple[bytes | None, DispatcherError | None]:
        # Only while somebody waits is the stream read, and only then can it be heard.
        self._watch.resume()
        try:
            return next(self._call), None
        except StopIteration:
            return None, None
        except grpc.RpcError as error:
            return None, self._abort_error or self._connection.error_of(error)
        finally:
            self._watch.stop()

    def _on_dead(self, silence: float) -> None:
        self._abort_error = heartbeat_lost(silence)
        self._connection.replace_channel(self._channel)
        self._call.cancel()
