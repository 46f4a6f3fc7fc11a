"""A request whose results go to its caller, with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

import grpc.aio

from ate_dispatcher_grpc._gather_core import GatherCore, GatherLimits
from ate_dispatcher_grpc._session import heartbeat_lost, not_connected
from ate_dispatcher_grpc.aio._connection import Connection, Opened
from ate_dispatcher_grpc.aio._queues import Inbox
from ate_dispatcher_grpc.aio._watch import Watch
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.options import GatherOptions
from ate_dispatcher_grpc.results import Acceptance, Summary


class Gather:
    """The results of one request as they arrive, then its summary. Made by `Client.gather`.

    Iterate over the gather with `async for`; the loop ends when the request ends. Leaving an `async with` block earlier
    cancels the request. If the dispatcher rejects the request or the connection breaks, the loop and the awaitables
    raise the same error.
    """

    def __init__(
        self,
        connection: Connection,
        open_stream: Callable[[], Awaitable[Opened]],
        options: GatherOptions,
        cancel_request: Callable[[str], Awaitable[Summary]],
    ) -> None:
        self._connection = connection
        self._open_stream = open_stream
        self._opened: Opened | None = None
        self._request_id = options.get("request_id", "")
        self._limits = GatherLimits(connection.options.address, options)
        self._cancel_request = cancel_request
        self._core = GatherCore()
        self._inbox: Inbox[ResultDelivery] = Inbox()
        self._accepted = asyncio.Event()
        self._over = asyncio.Event()
        self._abort_error: DispatcherError | None = None
        self._watch = Watch(self._on_dead)
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="ate-dispatcher-gather")

    @property
    def acceptance(self) -> Awaitable[Acceptance]:
        """The acceptance of the request; raises if the dispatcher rejected the request or the stream broke."""
        return self._acceptance()

    @property
    def summary(self) -> Awaitable[Summary]:
        """The summary of the request; raises as `acceptance` does. Unread results stay available to the loop."""
        return self._summary()

    def __aiter__(self) -> Gather:
        return self

    async def __anext__(self) -> ResultDelivery:
        """Returns the next result; raises as `acceptance` does."""
        result = await self._inbox.take()
        if result is None:
            raise StopAsyncIteration
        return result

    async def cancel(self) -> None:
        """Cancels the request: no further results arrive, and the reason of the summary is CANCELLED.

        Raises:
            DispatcherError: The dispatcher could not be reached or rejected the call.
        """
        if not self._core.is_over:
            await self._cancel_request(self._request_id or (await self.acceptance).request_id)

    async def close(self) -> None:
        """Closes the stream. An unfinished request is cancelled, and its producers see CALLER_GONE. Never raises."""
        if not self._reader.done():
            self._abort(ClosedError("gather"))
            await asyncio.wait([self._reader])

    async def __aenter__(self) -> Gather:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _acceptance(self) -> Acceptance:
        await self._accepted.wait()
        if self._core.acceptance is None:
            assert self._core.error is not None
            raise self._core.error
        return self._core.acceptance

    async def _summary(self) -> Summary:
        with self._inbox.unbounded():
            await self._over.wait()
        if self._core.summary is None:
            assert self._core.error is not None
            raise self._core.error
        return self._core.summary

    async def _read(self) -> None:
        try:
            await self._read_messages()
            self._core.fail(None)
        except grpc.aio.AioRpcError as error:
            self._core.fail(self._abort_error or self._connection.error_of(error))
        except asyncio.CancelledError:
            # grpc.aio cancels the reading task when a call is cancelled, as asyncio does at shutdown. Only the latter
            # must be raised.
            is_aborted = self._abort_error is not None or self._connection.is_closed
            self._core.fail(self._abort_error or ClosedError("client"))
            if not is_aborted:
                raise
        except DispatcherError as error:
            self._core.fail(error)
        except Exception as error:
            details = f"cannot decode a message from the server: {type(error).__name__}: {error}"
            self._core.fail(DispatcherError(grpc.StatusCode.INTERNAL, details))
        finally:
            self._watch.stop()
            if self._opened is not None:
                self._opened.call.cancel()
            self._accepted.set()
            self._over.set()
            self._inbox.close(self._core.error, keep=True)

    async def _read_messages(self) -> None:
        self._watch.start()
        self._watch.set_limit(self._limits.wait_limit())
        self._opened = await self._open_stream()
        while (message := await self._opened.call.read()) is not grpc.aio.EOF:
            self._watch.message_received()
            self._core.receive(message)
            if self._core.acceptance is not None:
                self._accepted.set()
            self._limits.message_received(self._core)
            self._watch.set_limit(self._limits.wait_limit())
            results = list(self._core.results)
            self._core.results.clear()
            if self._core.summary is not None:
                self._over.set()
            if results:
                # While the inbox is full the stream is not read, so silence does not mean a dead connection.
                self._watch.stop()
                await self._inbox.put(results)
                self._watch.resume()
                self._watch.set_limit(self._limits.wait_limit())

    def _on_dead(self, silence: float) -> None:
        overdue = self._limits.overdue(self._opened is not None)
        if overdue is not None:
            self._abort(overdue)
        elif self._opened is None:
            self._abort(not_connected(self._connection.options.address, silence))
        else:
            self._connection.retire(self._opened)
            self._abort(heartbeat_lost(silence))

    def _abort(self, error: DispatcherError) -> None:
        self._abort_error = self._abort_error or error
        if self._opened is None:
            self._reader.cancel()
        else:
            self._opened.call.cancel()
