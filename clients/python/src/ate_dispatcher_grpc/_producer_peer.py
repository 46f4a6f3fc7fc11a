"""Connects a producer's handler to its session, with threads."""

from __future__ import annotations

from collections.abc import Callable

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._connection import Connection
from ate_dispatcher_grpc._handler_threads import HandlerThreads
from ate_dispatcher_grpc._producer_core import ProducerCore
from ate_dispatcher_grpc._producer_options import ProducerOptions, check_concurrency
from ate_dispatcher_grpc._producer_port import Disposition
from ate_dispatcher_grpc._session import producer_closed, session_lost
from ate_dispatcher_grpc._session_thread import SessionThread
from ate_dispatcher_grpc.assignment import Assignment, Handler
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.handler_result import encode_answer, encode_failure
from ate_dispatcher_grpc.status import SessionStatus


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
        self._handler = handler
        self._on_disposition = on_disposition
        self.handler_threads = HandlerThreads(
            check_concurrency(options.concurrency), "ate-dispatcher-handler"
        )
        self.core = ProducerCore(
            options, lambda message, now: Assignment(message, now, self.send_partial), self
        )
        self.core.hello()
        self.session = SessionThread(self, connection, on_status)
        self.session.start()

    def send_partial(self, assignment: Assignment, result: bytes) -> None:
        """Sends a partial result of an assignment."""
        with self.session.lock:
            self.core.send_partial(assignment, result)

    def first_messages(self) -> list[bytes]:
        """Returns the Hello."""
        return [self.core.hello()]

    def receive(self, message: bytes) -> None:
        """Handles one message from the server."""
        with self.session.lock:
            self.core.receive(message)

    def stream_lost(self, error: DispatcherError) -> None:
        """Revokes the assignments of the lost stream."""
        self.core.revoke_all(producer_closed() if self.session.is_closing else session_lost(error))

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases every thread that waits for this peer."""
        self.core.session_ended(error or ClosedError(self.kind))

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live."""
        self.session.session_live(status, heartbeat_interval)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""
        self.session.set_heartbeat_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """Reports a status to on_status."""
        self.session.report_status_later(status)

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream."""
        self.session.send(message)

    def run_handler(self, assignment: Assignment) -> None:
        """Starts the handler of an assignment."""
        call = assignment._handler_call = lambda: self._run(assignment)
        self.handler_threads.submit(call)

    def assignment_revoked(self, assignment: Assignment) -> None:
        """Signals a running handler, or drops one that has not started."""
        assignment.cancelled.set()
        # Otherwise a stuck handler would let revoked assignments accumulate in the queue behind it.
        if assignment._handler_call is not None and self.handler_threads.withdraw(assignment._handler_call):
            self.core.release(assignment)

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        """Reports the disposition of a reply to on_disposition."""
        self.session.defer(lambda: self._call_on_disposition(assignment_id, disposition))

    def hello_rejected(self, error: DispatcherError) -> None:
        """Ends the stream: the server rejected registrations that belong to the Hello."""
        self.session.abort(error)

    def drained(self) -> None:
        """Closes this side of the stream: the server has confirmed the drain."""
        self.session.half_close()

    def _call_on_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        if self._on_disposition is None:
            return
        try:
            self._on_disposition(assignment_id, disposition)
        except BaseException as error:
            self.session.callback_failed("on_disposition", error)

    def _run(self, assignment: Assignment) -> None:
        assignment._handler_call = None
        if assignment.revocation is not None:
            with self.session.lock:
                self.core.release(assignment)
            return
        try:
            result = encode_answer(self._handler(assignment))
        # BaseException: a handler that raises SystemExit must not leave its request unanswered either.
        except BaseException as error:
            failure = encode_failure(error)
            with self.session.lock:
                self.core.fail(assignment, failure)
        else:
            with self.session.lock:
                self.core.answer(assignment, result)
