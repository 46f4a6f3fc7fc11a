"""The producer that a program holds, with asyncio."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

from ate_dispatcher_grpc._session import DEFAULT_GRACE
from ate_dispatcher_grpc.aio._producer_peer import ProducerPeer


class Producer:
    """A producer that reconnects and registers again by itself until it is closed. Made by `Client.producer`."""

    def __init__(self, peer: ProducerPeer) -> None:
        self._peer = peer
        self._core = peer.core
        self._session = peer.session
        self._closing: asyncio.Task[None] | None = None

    @property
    def id(self) -> str | None:
        """The id that the caller chose or the server assigned; None before the first session."""
        return self._session.id

    async def ready(self) -> Producer:
        """Waits until the session is live and the topics are registered; returns this producer.

        Raises:
            DispatcherError: The dispatcher rejected the producer, or the producer is closed.
        """
        await self._session.wait_until_live()
        return self

    async def register(self, topic: str, *, group: str = "") -> None:
        """Joins a topic or pattern, and joins it again after each reconnect.

        Returns once the dispatcher has confirmed the registration. Registering a topic again replaces its group.

        Raises:
            InvalidArgumentError: The topic or group is malformed.
            DispatcherError: The dispatcher rejected the registration; the session continues.
        """
        self._session.ensure_open()
        message, done = self._core.register(topic, group)
        self._send_change(message)
        await asyncio.wrap_future(done)

    async def deregister(self, topic: str) -> None:
        """Leaves a topic or pattern, which must be written as it was registered.

        Assignments that arrived before may still be answered.

        Raises:
            InvalidArgumentError: The topic is malformed.
            DispatcherError: The producer is closed.
        """
        self._session.ensure_open()
        message, done = self._core.deregister(topic)
        self._send_change(message)
        await asyncio.wrap_future(done)

    def set_concurrency(self, concurrency: int) -> None:
        """Changes the maximum number of handlers that run at the same time; running handlers continue.

        Raises:
            InvalidArgumentError: `concurrency` is not an integer of at least 1.
            DispatcherError: The producer is closed.
        """
        self._session.ensure_open()
        self._send_change(self._core.set_concurrency(concurrency))
        self._peer.start_handlers()

    async def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Drains, then ends the session: accepts no new assignments and finishes those it has.

        In a handler of this producer it returns at once, and the session ends after the handlers.

        Args:
            grace: How long running handlers may take, in seconds. Handlers that take longer are revoked with the
                reason CLOSED. Default 30.
        """
        if not self._session.owner.is_current:
            return
        deadline = time.monotonic() + grace
        self._begin_close()
        if self._peer.is_current():
            self._closing = asyncio.get_running_loop().create_task(self._finish_close(deadline))
        else:
            await self._finish_close(deadline)

    async def wait(self) -> None:
        """Waits until the session has ended for good.

        Raises:
            DispatcherError: The dispatcher ended the session for good, for example with SessionReplacedError.
        """
        await self._session.wait()

    async def __aenter__(self) -> Producer:
        return await self.ready()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _begin_close(self) -> None:
        if not self._session.is_closing and self._session.is_live:
            self._session.outbox.push(self._core.drain())
        self._session.begin_close()

    async def _finish_close(self, deadline: float) -> None:
        await self._session.close(deadline)
        await self._peer.stop_handlers()

    def _send_change(self, message: bytes) -> None:
        # Otherwise the next Hello or the messages after the next Welcome contain it.
        if self._core.accepts_changes:
            self._session.outbox.push(message)
