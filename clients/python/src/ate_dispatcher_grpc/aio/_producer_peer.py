"""Connects a producer's handler to its session, with asyncio."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._producer_core import ProducerCore
from ate_dispatcher_grpc._producer_options import ProducerOptions, check_concurrency
from ate_dispatcher_grpc._producer_port import Disposition
from ate_dispatcher_grpc._session import producer_closed, session_lost
from ate_dispatcher_grpc.aio._connection import Connection
from ate_dispatcher_grpc.aio._session import Session
from ate_dispatcher_grpc.aio.assignment import Assignment, Handler
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.handler_result import encode_answer, encode_failure
from ate_dispatcher_grpc.status import SessionStatus

# The assignment whose handler runs in the current context.
_current: ContextVar[Assignment | None] = ContextVar("ate_dispatcher_assignment", default=None)


class ProducerPeer:
    """Runs the handlers of one producer, and carries its messages between core and session."""

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
        # The assignments that wait because handlers outlast the TTL of theirs: the server counts those as free.
        self._waiting: deque[Assignment] = deque()
        self.core = ProducerCore(
            options, lambda message, now: Assignment(message, now, self.send_partial), self
        )
        self.core.hello()
        self.session = Session(self, connection, on_status)

    async def send_partial(self, assignment: Assignment, result: bytes) -> None:
        """Sends a partial result of an assignment."""
        self.core.send_partial(assignment, result)
        await self.session.outbox.flushed()

    async def stop_handlers(self) -> None:
        """Cancels the running handlers and waits for them."""
        self._waiting.clear()
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def first_messages(self) -> list[bytes]:
        """Returns the Hello."""
        return [self.core.hello()]

    async def receive(self, message: bytes) -> None:
        """Handles one message from the server."""
        self.core.receive(message)

    def stream_lost(self, error: DispatcherError) -> None:
        """Revokes the assignments of the lost stream."""
        self.core.revoke_all(producer_closed() if self.session.is_closing else session_lost(error))

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases every task that waits for this peer."""
        self.core.session_ended(error or ClosedError(self.kind))

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live."""
        self.session.session_live(status, heartbeat_interval)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""
        self.session.watch.set_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """Reports a status to on_status."""
        self.session.report_status(status)

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream."""
        self.session.outbox.push(message)

    def run_handler(self, assignment: Assignment) -> None:
        """Starts the handler of an assignment, or queues it until a running one ends."""
        self._waiting.append(assignment)
        self.start_handlers()

    def start_handlers(self) -> None:
        """Starts handlers of queued assignments, as many as may run."""
        while self._waiting and len(self._tasks) < self.core.max_running:
            self._start(self._waiting.popleft())

    def assignment_revoked(self, assignment: Assignment) -> None:
        """Cancels the task of a revoked handler, or drops one that has not started."""
        if assignment.task is not None:
            assignment.task.cancel()
        elif assignment in self._waiting:
            self._waiting.remove(assignment)
            self.core.release(assignment)

    def _start(self, assignment: Assignment) -> None:
        assignment.task = asyncio.get_running_loop().create_task(self._run(assignment))
        self._tasks.add(assignment.task)

        def finished(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            # A task that was cancelled before it started has not released its assignment.
            self.core.release(assignment)
            self.start_handlers()

        assignment.task.add_done_callback(finished)

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        """Reports the disposition of a reply to on_disposition."""
        if self._on_disposition is None:
            return
        try:
            self._on_disposition(assignment_id, disposition)
        except BaseException as error:
            self.session.callback_failed("on_disposition", error)

    def hello_rejected(self, error: DispatcherError) -> None:
        """Ends the stream: the server rejected registrations that belong to the Hello."""
        self.session.abort(error)

    def drained(self) -> None:
        """Closes this side of the stream: the server has confirmed the drain."""
        self.session.outbox.close()

    def is_current(self) -> bool:
        """Returns whether a running handler of this producer makes the current call, also from a task it started."""
        assignment = _current.get()
        return assignment is not None and assignment.task in self._tasks

    async def _run(self, assignment: Assignment) -> None:
        _current.set(assignment)
        try:
            result = self._handler(assignment)
            if inspect.isawaitable(result):
                result = await result
            encoded = encode_answer(result)
        # BaseException: a handler that raises SystemExit must not leave its request unanswered, nor end the event loop.
        except BaseException as error:
            self.core.fail(assignment, encode_failure(error))
        else:
            self.core.answer(assignment, encoded)
