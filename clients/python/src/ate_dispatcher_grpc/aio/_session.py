"""Keeps a producer or listener connected, with one task that opens the stream, reads it and reopens it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import grpc
import grpc.aio

from ate_dispatcher_grpc._backoff import Backoff
from ate_dispatcher_grpc._failures import log_event, log_failure, named_text_of
from ate_dispatcher_grpc._session import (
    Notices,
    callback_failure,
    disconnected_text,
    heartbeat_lost,
    is_permanent,
    not_connected,
    stream_ended,
)
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc.aio._connection import Call, Connection, Opened
from ate_dispatcher_grpc.aio._grpc_internals import done_writing, write
from ate_dispatcher_grpc.aio._queues import Outbox
from ate_dispatcher_grpc.aio._watch import Watch
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.status import Closed, Disconnected, Fault, Ready, SessionStatus

_log = logging.getLogger("ate_dispatcher_grpc")


class Peer(Protocol):
    """What a session needs from a producer or listener."""

    kind: str
    path: str
    merges_messages: bool

    def first_messages(self) -> list[bytes]:
        """Returns the first messages of a new stream, at least one."""

    async def receive(self, message: bytes) -> None:
        """Handles one message from the server."""

    def stream_lost(self, error: DispatcherError) -> None:
        """Discards the state of a stream that was lost."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases all waiters: no further stream follows. `error` is None if the program closed the session."""


class Session:
    """Connects one peer, and reconnects it until it is closed or a retry is pointless."""

    def __init__(
        self, peer: Peer, connection: Connection, on_status: Callable[[SessionStatus], object] | None
    ) -> None:
        self._peer = peer
        self._connection = connection
        self.owner = connection.owner
        self._on_status = on_status
        self._notices = Notices()
        self._backoff = Backoff(connection.options.reconnect)
        self.outbox = Outbox(peer.merges_messages)
        self._opened: Opened | None = None
        self._opening: asyncio.Task[Opened] | None = None
        self._identity: Ready | None = None
        self._live_since: float | None = None
        self._abort_error: DispatcherError | None = None
        self._error: DispatcherError | None = None
        self._live = asyncio.Event()
        self._closing = asyncio.Event()
        self._closed = asyncio.Event()
        self.watch = Watch(self._on_dead)
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"ate-dispatcher-{peer.kind}")

    @property
    def id(self) -> str | None:
        """The id of the peer in the latest session; None before the first session."""
        return self._identity.id if self._identity else None

    @property
    def is_live(self) -> bool:
        """Whether the session is live."""
        return self._live_since is not None

    @property
    def is_closing(self) -> bool:
        """Whether the session is closed or closing."""
        return self._closing.is_set()

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended for good."""
        return self._closed.is_set()

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live; `heartbeat_interval` is in seconds."""
        assert isinstance(status, Ready)
        self._identity = status
        self._live_since = time.monotonic()
        self._live.set()
        self.watch.set_interval(heartbeat_interval)
        self.report_status(status)

    def report_status(self, status: SessionStatus) -> None:
        """Calls on_status."""
        if self._on_status is None:
            return
        try:
            self._on_status(status)
        except BaseException as error:
            log_failure(_log, "on_status", error)

    async def call_back(self, name: str, callback: Callable[[Any], object] | None, item: Any) -> None:
        """Runs a callback, and reports it if it raises."""
        if callback is None:
            return
        try:
            result = callback(item)
            if inspect.isawaitable(result):
                await result
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            self.callback_failed(name, error)

    def callback_failed(self, name: str, error: BaseException) -> None:
        """Logs and reports that a callback raised."""
        log_failure(_log, name, error)
        self.report_status(Fault(callback_failure(name, error)))

    async def wait_until_live(self) -> None:
        """Waits until the session is live; raises if it ends for good first."""
        self.owner.ensure_current()
        await self._live.wait()
        if self._closed.is_set():
            raise self._error or ClosedError(self._peer.kind)

    async def wait(self) -> None:
        """Waits for the end of the session; raises the error that ended it."""
        self.owner.ensure_current()
        await self._closed.wait()
        if self._error is not None:
            raise self._error

    def ensure_open(self) -> None:
        """Raises the error that ended the session, or ClosedError after close."""
        self.owner.ensure_current()
        if self.is_closing:
            raise self._error or ClosedError(self._peer.kind)

    def begin_close(self) -> None:
        """Prevents further streams."""
        self._closing.set()
        self.watch.stop()

    async def close(self, deadline: float) -> None:
        """Waits for the end of the stream until the monotonic clock reaches `deadline`, then ends the session."""
        self.begin_close()
        if asyncio.current_task() is self._task:
            self.abort(ClosedError(self._peer.kind))
            return
        if self.is_live:
            await asyncio.wait([self._task], timeout=wait_time(deadline - time.monotonic()))
        while not self._task.done():
            self.abort(ClosedError(self._peer.kind))
            await asyncio.wait([self._task], timeout=1.0)

    def abort(self, error: DispatcherError) -> None:
        """Cancels the current stream; `error` becomes its reason unless it already has one."""
        self._abort_error = self._abort_error or error
        if self._opened is not None:
            self._opened.call.cancel()
        elif self._opening is not None:
            self._opening.cancel()

    def _on_dead(self, silence: float) -> None:
        if self._opened is None:
            self.abort(not_connected(self._connection.options.address, silence))
        else:
            self._connection.retire(self._opened)
            self.abort(heartbeat_lost(silence))

    async def _run(self) -> None:
        error: DispatcherError | None = None
        try:
            while not self.is_closing:
                error = await self._run_stream()
                was_live = self.is_live
                self._live_since = None
                self._live.clear()
                self._peer.stream_lost(error)
                if self.is_closing or self._is_final(error) or isinstance(error, ClosedError):
                    break
                if was_live:
                    self._backoff.reset()
                await self._wait_before_retry(error, was_live)
        finally:
            self._finish(None if self.is_closing or isinstance(error, ClosedError) else error)

    def _is_final(self, error: DispatcherError) -> bool:
        return is_permanent(error, self._connection.options.is_token_renewed)

    async def _wait_before_retry(self, error: DispatcherError, was_live: bool) -> None:
        delay = max(self._backoff.next(), error.retry_delay or 0)
        if self._notices.is_due(was_live):
            address = self._connection.options.address
            log_event(_log, logging.WARNING, disconnected_text(self._peer.kind, address, error, delay))
            self.report_status(Disconnected(error, delay))
        waiting = asyncio.ensure_future(self._closing.wait())
        await asyncio.wait([waiting], timeout=wait_time(delay))
        waiting.cancel()

    async def _run_stream(self) -> DispatcherError:
        """Runs one stream to its end; returns why it ended."""
        writer: asyncio.Task[None] | None = None
        try:
            self._abort_error = None
            self.outbox = outbox = Outbox(self._peer.merges_messages)
            for message in self._peer.first_messages():
                outbox.push(message)
            first = await outbox.take()
            assert first is not None
            self.watch.start()
            self._opening = asyncio.get_running_loop().create_task(
                self._connection.bidi(self._peer.path, first)
            )
            self._opened = await self._opening
            call = self._opened.call
            writer = asyncio.get_running_loop().create_task(_write(call, outbox))
            while (message := await call.read()) is not grpc.aio.EOF:
                self.watch.message_received()
                await self._peer.receive(message)
            return self._abort_error or stream_ended()
        except grpc.aio.AioRpcError as error:
            return self._abort_error or self._connection.error_of(error)
        except asyncio.CancelledError:
            # grpc.aio cancels the reading task when a call is cancelled, as asyncio does at shutdown. Only the latter
            # must be raised.
            if self._abort_error is not None:
                return self._abort_error
            if self._connection.is_closed:
                return ClosedError("client")
            raise
        except DispatcherError as error:
            return error
        except Exception as error:
            log_failure(_log, "the handling of a message from the server", error)
            return DispatcherError(grpc.StatusCode.INTERNAL, named_text_of(error))
        finally:
            self.watch.stop()
            self.outbox.discard()
            opened, self._opened, self._opening = self._opened, None, None
            if opened is not None:
                opened.call.cancel()
            if writer is not None:
                writer.cancel()

    def _finish(self, error: DispatcherError | None) -> None:
        self._closing.set()
        self._error = error
        self._closed.set()
        self._live.set()
        self._peer.session_ended(error)
        self.report_status(Closed(error))


def _is_cancelled() -> bool:
    """Returns whether the current task is being cancelled. Otherwise a CancelledError is one that a callback raised.

    Python 3.10 cannot tell, so there each one counts as a cancellation.
    """
    cancelling = getattr(asyncio.current_task(), "cancelling", None)
    return cancelling is None or cancelling() > 0


async def _write(call: Call, outbox: Outbox) -> None:
    try:
        while (message := await outbox.take()) is not None:
            if not await write(call, message):
                # The reading task gets the error and handles it.
                outbox.discard()
                return
        await done_writing(call)
    except asyncio.CancelledError:
        outbox.discard()
