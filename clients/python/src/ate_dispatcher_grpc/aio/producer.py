"""A producer, with asyncio."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Union

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._producer_core import Disposition, ProducerCore, ProducerOptions, check_concurrency
from ate_dispatcher_grpc._session import DEFAULT_GRACE, producer_closed, session_lost
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc.aio._connection import Connection
from ate_dispatcher_grpc.aio._session import Session
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.handler_result import HandlerResult, encode_answer, encode_failure, encode_result
from ate_dispatcher_grpc.status import SessionStatus


class Assignment(BaseAssignment):
    """One request as its producer's handler sees it.

    When the result is wanted no longer, the handler's task is cancelled; `revocation` then says why. A handler that
    lets that pass sends nothing; one that catches it may still answer.
    """

    def __init__(self, peer: ProducerPeer, assignment: view.Assignment, now: float) -> None:
        super().__init__(assignment, now)
        self._peer = peer
        self.task: asyncio.Task[None] | None = None

    async def send(self, result: HandlerResult) -> None:
        """Sends a partial result; returns once it was handed to the stream. The returned one follows as the final one.

        Raises:
            InvalidArgumentError: reason UNSERIALIZABLE_VALUE, with the path of what JSON cannot say.
            LimitError: reason RESULT_TOO_LARGE, beyond the server's message limit.
        """
        self._peer.core.send_partial(self, encode_result(result))
        await self._peer.session.outbox.flushed()


Handler = Callable[[Assignment], Union[HandlerResult, Awaitable[HandlerResult]]]
"""Answers one request: with a JSON value, with bytes, or by raising, which becomes an error result.

A plain function is run in the event loop and must not block.
"""


class Producer:
    """A producer that stays connected, and registered, until it is closed. Made by `Client.producer`."""

    def __init__(self, peer: ProducerPeer) -> None:
        self._peer = peer
        self._core = peer.core
        self._session = peer.session

    @property
    def id(self) -> str | None:
        """Its id, as given or minted; None before the first session."""
        return self._session.id

    async def ready(self) -> Producer:
        """Waits until it is registered and live, and returns it.

        Raises:
            DispatcherError: the dispatcher refused it, or it is closed.
        """
        await self._session.wait_until_live()
        return self

    async def register(self, topic: str, *, group: str = "") -> None:
        """Joins a topic or pattern, now and after each reconnect; returns once it is live. The newest group holds.

        Raises:
            DispatcherError: the dispatcher refused it; the session goes on.
        """
        check_patterns([topic], "topic")
        self._session.ensure_open()
        message, done = self._core.register(topic, group)
        self._send_if_live(message)
        await asyncio.wrap_future(done)

    async def deregister(self, topic: str) -> None:
        """Leaves a topic or pattern, written as it was registered; what was assigned before may still be answered.

        Raises:
            DispatcherError: the producer is closed.
        """
        self._session.ensure_open()
        message, done = self._core.deregister(topic)
        self._send_if_live(message)
        await asyncio.wrap_future(done)

    def set_concurrency(self, concurrency: int) -> None:
        """Changes how many requests are worked on at a time; what is at work goes on.

        Raises:
            InvalidArgumentError: it is no whole number from 1.
        """
        self._send_if_live(self._core.set_concurrency(concurrency))

    async def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Drains: takes no new work, finishes the old within `grace` seconds, then ends."""
        deadline = time.monotonic() + grace
        self._begin_close()
        await self._session.close(deadline)
        await self._peer.stop_handlers()

    async def wait(self) -> None:
        """Waits until it is over.

        Raises:
            DispatcherError: the dispatcher refused it for good, such as SessionReplacedError.
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

    def _send_if_live(self, message: bytes) -> None:
        if self._session.is_live:
            self._session.outbox.push(message)


class ProducerPeer:
    """What its session and its core ask of a producer with asyncio."""

    kind = "producer"
    path = _paths.PRODUCE
    merges_messages = True

    def __init__(
        self,
        connection: Connection,
        options: ProducerOptions,
        handler: Handler,
        on_disposition: Callable[[str, Disposition], object] | None,
        on_status: Callable[[SessionStatus], object] | None,
    ) -> None:
        if options.concurrency != 0:
            check_concurrency(options.concurrency)
        self._handler = handler
        self._on_disposition = on_disposition
        self._tasks: set[asyncio.Task[None]] = set()
        self.core = ProducerCore(options, lambda message, now: Assignment(self, message, now), self)
        self.core.hello()
        self.session = Session(self, connection, on_status)

    async def stop_handlers(self) -> None:
        """Cancels what is at work, and waits for it."""
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def first_message(self) -> bytes:
        """Says hello."""
        return self.core.hello()

    async def receive(self, message: bytes) -> None:
        """Takes a message."""
        self.core.receive(message)

    def stream_lost(self, error: DispatcherError) -> None:
        """Revokes what was assigned on the stream that is gone."""
        self.core.revoke_all(producer_closed() if self.session.is_closing else session_lost(error))

    def session_ended(self, error: DispatcherError | None) -> None:
        """Lets go of whoever waits."""
        self.core.session_ended(error or ClosedError(self.kind))

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """The session is live."""
        self.session.session_live(status, heartbeat_interval)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Heartbeats come so often."""
        self.session.watch.set_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """The owner is to be told."""
        self.session.report_status(status)

    def send(self, message: bytes) -> None:
        """A message is to be sent."""
        self.session.outbox.push(message)

    def run_handler(self, assignment: Assignment) -> None:
        """A handler is to be run."""
        assignment.task = asyncio.get_running_loop().create_task(self._run(assignment))
        self._tasks.add(assignment.task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            # It may have been cancelled before it began.
            self.core.release(assignment)

        assignment.task.add_done_callback(ended)

    def assignment_revoked(self, assignment: Assignment) -> None:
        """A handler is to be cancelled."""
        if assignment.task is not None:
            assignment.task.cancel()

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        """A reply's fate is known."""
        if self._on_disposition is None:
            return
        try:
            self._on_disposition(assignment_id, disposition)
        except Exception as error:
            self.session.callback_failed("on_disposition", error)

    def drained(self) -> None:
        """The goodbye is complete."""
        self.session.outbox.close()

    async def _run(self, assignment: Assignment) -> None:
        try:
            result = self._handler(assignment)
            if inspect.isawaitable(result):
                result = await result
            encoded = encode_answer(result)
        except (asyncio.CancelledError, Exception) as error:
            self.core.fail(assignment, encode_failure(error))
        else:
            self.core.answer(assignment, encoded)
