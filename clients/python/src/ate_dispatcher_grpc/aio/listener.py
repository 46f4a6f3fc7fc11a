"""The listener that a program holds, with asyncio."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from types import TracebackType

from ate_dispatcher_grpc._listener_core import ListenerItem
from ate_dispatcher_grpc.aio._listener_peer import ListenerPeer
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import ClosedError


class Listener:
    """A listener that reconnects by itself until it is closed. Made by `Client.listener`.

    After a reconnect it resumes after the last result it received. Without `on_result`, iterate over the listener. It
    buffers about 1,024 results. When the buffer is full, the listener stops reading, and the server's own buffer fills.
    """

    def __init__(self, peer: ListenerPeer) -> None:
        self._peer = peer
        self._core = peer.core
        self._session = peer.session
        self._inbox = peer.inbox

    @property
    def id(self) -> str | None:
        """The id that the caller chose or the server assigned; None before the first session."""
        return self._session.id

    async def ready(self) -> Listener:
        """Waits until the session is live; returns this listener.

        Raises:
            DispatcherError: The dispatcher rejected the listener, or the listener is closed.
        """
        await self._session.wait_until_live()
        return self

    async def add(self, *topics: str) -> None:
        """Adds topics or patterns, and adds them again after each reconnect.

        Returns once the dispatcher has confirmed them. The confirmation arrives after the results that are already on
        the stream. Up to 65,536 results are buffered until then, so a loop over the listener may await this method.

        Raises:
            InvalidArgumentError: A topic is malformed; no topic is added.
            LimitError: More than 65,536 results arrived before the confirmation. The reason is SLOW_CONSUMER. The
                topics are added nevertheless.
        """
        self._session.ensure_open()
        await self._change(*self._core.add(topics))

    async def remove(self, *topics: str) -> None:
        """Removes topics or patterns, which must be written as they were added.

        Returns once the dispatcher has confirmed. No delivery for the removed topics arrives after that.

        Raises:
            DispatcherError: The listener is closed, or as for `add`.
        """
        self._session.ensure_open()
        await self._change(*self._core.remove(topics))

    async def get(self) -> ResultDelivery:
        """Returns the next result.

        Raises:
            ClosedError: The listener is closed.
            DispatcherError: The dispatcher ended the session for good.
        """
        self._session.owner.ensure_current()
        while True:
            item = await self._inbox.take()
            if item is None:
                raise ClosedError("listener")
            if isinstance(item, ResultDelivery):
                return item
            await self._peer.notify(item)

    async def __aiter__(self) -> AsyncIterator[ResultDelivery]:
        """Yields results in order; calls on_summary and on_gap for summaries and gaps in between."""
        async for item in self.events():
            if isinstance(item, ResultDelivery):
                yield item
            else:
                await self._peer.notify(item)

    async def events(self) -> AsyncIterator[ListenerItem]:
        """Yields results, gaps and, with `include_summaries`, summaries, in order; ends when the listener is closed.

        Raises:
            DispatcherError: The dispatcher ended the session for good.
        """
        self._session.owner.ensure_current()
        while (item := await self._inbox.take()) is not None:
            yield item

    async def close(self) -> None:
        """Ends the session and any loop over the listener; drops buffered results."""
        if not self._session.owner.is_current:
            return
        self._inbox.close(None)
        await self._session.close(time.monotonic())
        await self._peer.join()

    async def wait(self) -> None:
        """Waits until the session has ended for good.

        Raises:
            DispatcherError: The dispatcher ended the session for good, for example with SessionReplacedError.
        """
        await self._session.wait()

    async def __aenter__(self) -> Listener:
        return await self.ready()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _change(self, messages: list[bytes], done: Future[None]) -> None:
        for message in messages:
            self._session.outbox.push(message)
        await self._inbox.read_ahead(done)
