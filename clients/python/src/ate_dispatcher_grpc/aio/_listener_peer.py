"""Connects a listener's callbacks and inbox to its session, with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._listener_core import ListenerCore, ListenerItem, ListenerOptions
from ate_dispatcher_grpc.aio._connection import Connection
from ate_dispatcher_grpc.aio._queues import Inbox
from ate_dispatcher_grpc.aio._session import Session
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.results import Gap, Summary
from ate_dispatcher_grpc.status import SessionStatus


class ListenerPeer:
    """Calls the callbacks of one listener, and carries its messages between core and session."""

    kind = "listener"
    path = _paths.SUBSCRIBE
    merges_messages = False

    def __init__(
        self,
        connection: Connection,
        options: ListenerOptions,
        on_result: Callable[[ResultDelivery], object] | None,
        on_summary: Callable[[Summary], object] | None,
        on_gap: Callable[[Gap], object] | None,
        on_status: Callable[[SessionStatus], object] | None,
    ) -> None:
        self._on_result = on_result
        self._on_summary = on_summary
        self._on_gap = on_gap
        self.inbox: Inbox[ListenerItem] = Inbox()
        self.core = ListenerCore(options, self)
        self.core.listen()
        self.session = Session(self, connection, on_status)
        self._consumer: asyncio.Task[None] | None = None
        if on_result is not None:
            self._consumer = asyncio.get_running_loop().create_task(self._consume())

    async def join(self) -> None:
        """Waits for the task that calls on_result."""
        if self._consumer is not None and self._consumer is not asyncio.current_task():
            await asyncio.wait([self._consumer])

    async def notify(self, item: Summary | Gap) -> None:
        """Calls on_summary or on_gap."""
        if isinstance(item, Summary):
            await self.session.call_back("on_summary", self._on_summary, item)
        else:
            await self.session.call_back("on_gap", self._on_gap, item)

    def first_messages(self) -> list[bytes]:
        """Returns the parts of the ListenRequest."""
        return self.core.listen()

    async def receive(self, message: bytes) -> None:
        """Handles one message from the server."""
        items = self.core.receive(message)
        if items:
            # While the inbox is full the stream is not read, so silence does not mean a dead connection.
            self.session.watch.stop()
            await self.inbox.put(items)
            self.session.watch.resume()

    def stream_lost(self, error: DispatcherError) -> None:
        """Does nothing: a listener keeps no state for a single stream."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases every task that waits for this peer."""
        self.core.session_ended(error or ClosedError(self.kind))
        self.inbox.close(error)

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live."""
        self.session.session_live(status, heartbeat_interval)

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream."""
        self.session.outbox.push(message)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""
        self.session.watch.set_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """Reports a status to on_status."""
        self.session.report_status(status)

    async def _consume(self) -> None:
        try:
            while (item := await self.inbox.take()) is not None:
                if isinstance(item, ResultDelivery):
                    await self.session.call_back("on_result", self._on_result, item)
                else:
                    await self.notify(item)
        except DispatcherError:
            # wait() and on_status report this error to the owner.
            return
