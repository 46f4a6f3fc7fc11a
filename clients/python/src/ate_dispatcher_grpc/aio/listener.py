"""A listener, with asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from types import TracebackType

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._listener_core import ListenerCore, ListenerItem, ListenerOptions
from ate_dispatcher_grpc.aio._connection import Connection
from ate_dispatcher_grpc.aio._queues import Inbox
from ate_dispatcher_grpc.aio._session import Session
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.results import Gap, ResultDelivery, Summary
from ate_dispatcher_grpc.status import SessionStatus


class Listener:
    """A listener that stays connected until it is closed, and resumes where it was. Made by `Client.listener`.

    Without `on_result` it is iterated. Results that are not taken wait here, up to about 1,024; then the stream is not
    read on, and the server's own buffer fills.
    """

    def __init__(self, peer: ListenerPeer) -> None:
        self._peer = peer
        self._core = peer.core
        self._session = peer.session
        self._inbox = peer.inbox

    @property
    def id(self) -> str | None:
        """Its id, as given or minted; None before the first session."""
        return self._session.id

    async def ready(self) -> Listener:
        """Waits until it is live, and returns it.

        Raises:
            DispatcherError: the dispatcher refused it, or it is closed.
        """
        await self._session.wait_until_live()
        return self

    async def add(self, *topics: str) -> None:
        """Adds topics or patterns, also for later sessions; returns once they are live.

        The answer comes after the results that are on their way. Up to 65,536 of them wait here meanwhile, so that a
        loop may await this, too.

        Raises:
            InvalidArgumentError: one of them is malformed; nothing is added then.
            LimitError: reason SLOW_CONSUMER: more results come first; they are added all the same.
        """
        self._session.ensure_open()
        await self._change(*self._core.add(topics))

    async def remove(self, *topics: str) -> None:
        """Removes topics or patterns, written as they were added; returns after their last delivery.

        Raises:
            DispatcherError: the listener is closed; or as `add`.
        """
        self._session.ensure_open()
        await self._change(*self._core.remove(topics))

    async def get(self) -> ResultDelivery:
        """Returns the next result.

        Raises:
            ClosedError: the listener is closed; or what the dispatcher refused it with.
        """
        while True:
            item = await self._inbox.take()
            if item is None:
                raise ClosedError("listener")
            if isinstance(item, ResultDelivery):
                return item
            await self._peer.notify(item)

    async def __aiter__(self) -> AsyncIterator[ResultDelivery]:
        """Yields results as they come; on_summary and on_gap are called in their place."""
        async for item in self.events():
            if isinstance(item, ResultDelivery):
                yield item
            else:
                await self._peer.notify(item)

    async def events(self) -> AsyncIterator[ListenerItem]:
        """Yields results, gaps, and with `include_summaries` summaries, in order; ends with close.

        Raises:
            DispatcherError: the dispatcher refused the listener for good.
        """
        while (item := await self._inbox.take()) is not None:
            yield item

    async def close(self) -> None:
        """Ends at once; results that were not taken are dropped, and a loop over them ends."""
        self._inbox.close(None)
        await self._session.close(time.monotonic())
        await self._peer.join()

    async def wait(self) -> None:
        """Waits until it is over.

        Raises:
            DispatcherError: the dispatcher refused it for good, such as SessionReplacedError.
        """
        await self._session.wait()

    async def __aenter__(self) -> Listener:
        return await self.ready()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _change(self, message: bytes | None, done: Future[None]) -> None:
        if message is not None:
            self._session.outbox.push(message)
        await self._inbox.read_ahead(done)


class ListenerPeer:
    """What its session and its core ask of a listener with asyncio."""

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
        """Calls the callback for what is no result."""
        if isinstance(item, Summary):
            await self.session.call_back("on_summary", self._on_summary, item)
        else:
            await self.session.call_back("on_gap", self._on_gap, item)

    def first_message(self) -> bytes:
        """Says what to listen to."""
        return self.core.listen()

    async def receive(self, message: bytes) -> None:
        """Takes a message."""
        items = self.core.receive(message)
        if items:
            # While nobody takes results the stream is not read, and so not heard.
            self.session.watch.stop()
            await self.inbox.put(items)
            self.session.watch.resume()

    def stream_lost(self, error: DispatcherError) -> None:
        """Nothing belongs to one stream alone."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """Lets go of whoever waits."""
        self.core.session_ended(error or ClosedError(self.kind))
        self.inbox.close(error)

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """The session is live."""
        self.session.session_live(status, heartbeat_interval)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Heartbeats come so often."""
        self.session.watch.set_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """The owner is to be told."""
        self.session.report_status(status)

    async def _consume(self) -> None:
        try:
            while (item := await self.inbox.take()) is not None:
                if isinstance(item, ResultDelivery):
                    await self.session.call_back("on_result", self._on_result, item)
                else:
                    await self.notify(item)
        except DispatcherError:
            # The owner learns it from wait() and on_status.
            return
