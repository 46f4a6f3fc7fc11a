"""A request whose results go to its caller, with threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import TracebackType

import grpc

from ate_dispatcher_grpc._connection import Connection, Stream
from ate_dispatcher_grpc._gather_core import GatherCore, GatherLimits
from ate_dispatcher_grpc._session import heartbeat_lost
from ate_dispatcher_grpc._watchdog import Watch
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.options import GatherOptions
from ate_dispatcher_grpc.results import Acceptance, Summary


class Gather:
    """The results of one request as they arrive, then its summary. Made by `Client.gather`.

    Iterate over the gather; the loop ends when the request ends. Leaving a `with` block earlier cancels the request. If
    the dispatcher rejects the request or the connection breaks, the loop and the properties raise the same error.
    Threads may share a gather.
    """

    def __init__(
        self,
        connection: Connection,
        stream: Stream,
        options: GatherOptions,
        cancel_request: Callable[[str], Summary],
    ) -> None:
        self._connection = connection
        self._call = stream
        self._request_id = options.get("request_id", "")
        self._limits = GatherLimits(connection.options.address, options)
        self._cancel_request = cancel_request
        self._core = GatherCore()
        self._changed = threading.Condition()
        self._is_reading = False
        self._abort_error: DispatcherError | None = None
        self._watch = Watch(connection.watchdog, self._on_dead)

    @property
    def acceptance(self) -> Acceptance:
        """The acceptance of the request. Waits until it arrives.

        Raises:
            DispatcherError: The dispatcher rejected the request, or the stream broke.
        """
        self._read_until(lambda: self._core.acceptance is not None)
        if self._core.acceptance is None:
            raise self._error()
        return self._core.acceptance

    @property
    def summary(self) -> Summary:
        """The summary of the request. Waits until the request ends; unread results stay available to the loop.

        Raises:
            DispatcherError: The dispatcher rejected the request, or the stream broke.
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
        """Cancels the request: no further results arrive, and the reason of the summary is CANCELLED.

        Raises:
            DispatcherError: The dispatcher could not be reached or rejected the call.
        """
        if not self._core.is_over:
            self._cancel_request(self._request_id or self.acceptance.request_id)

    def close(self) -> None:
        """Closes the stream. An unfinished request is cancelled, and its producers see CALLER_GONE. Never raises."""
        if not self._connection.owner.is_current:
            return
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
        """Reads the stream until `is_available` returns True or the request ends; one thread reads at a time."""
        self._connection.owner.ensure_current()
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
                    self._limits.message_received(self._core)
                else:
                    self._core.fail(error)

    def _read(self) -> tuple[bytes | None, DispatcherError | None]:
        # The stream is read only while a thread waits, so only then does silence mean a dead connection.
        self._watch.limit = self._limits.wait_limit()
        self._watch.resume()
        try:
            return next(self._call), None
        except StopIteration:
            return None, None
        except grpc.RpcError as error:
            return None, self._abort_error or self._connection.error_of(error)
        except DispatcherError as error:
            return None, error
        finally:
            self._watch.stop()

    def _on_dead(self, silence: float) -> None:
        overdue = self._limits.overdue(self._call.is_written)
        self._abort_error = self._abort_error or overdue or heartbeat_lost(silence)
        if overdue is None:
            self._call.retire_channel()
        self._call.cancel()
