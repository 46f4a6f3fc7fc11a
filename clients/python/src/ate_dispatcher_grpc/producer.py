"""A producer, with threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._connection import Connection
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._handler_threads import HandlerThreads
from ate_dispatcher_grpc._producer_core import Disposition, ProducerCore, ProducerOptions, check_concurrency
from ate_dispatcher_grpc._session import DEFAULT_GRACE, producer_closed, session_lost
from ate_dispatcher_grpc._session_thread import SessionThread
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.handler_result import HandlerResult, encode_answer, encode_failure, encode_result
from ate_dispatcher_grpc.status import SessionStatus


class Assignment(BaseAssignment):
    """One request as its producer's handler sees it."""

    def __init__(self, peer: ProducerPeer, assignment: view.Assignment, now: float) -> None:
        super().__init__(assignment, now)
        self._peer = peer
        self.cancelled = threading.Event()
        """Set when the result is wanted no longer; `revocation` says why. Wait on it instead of sleeping.

        A handler that gives up raises, such as by `raise_if_revoked`, and nothing is sent.
        """
        self._handler_call: Callable[[], None] | None = None

    def send(self, result: HandlerResult) -> None:
        """Sends a partial result; the returned one follows it as the final one.

        Raises:
            InvalidArgumentError: reason UNSERIALIZABLE_VALUE, with the path of what JSON cannot say.
            LimitError: reason RESULT_TOO_LARGE, beyond the server's message limit.
        """
        self._peer.send_partial(self, encode_result(result))


Handler = Callable[[Assignment], HandlerResult]
"""Answers one request: with a JSON value, with bytes, or by raising, which becomes an error result."""


class Producer:
    """A producer that stays connected, and registered, until it is closed. Made by `Client.producer`."""

    def __init__(self, peer: ProducerPeer) -> None:
        self._core = peer.core
        self._session = peer.session
        self._handler_threads = peer.handler_threads

    @property
    def id(self) -> str | None:
        """Its id, as given or minted; None before the first session."""
        return self._session.id

    def ready(self, timeout: float | None = None) -> Producer:
        """Waits until it is registered and live, and returns it.

        Raises:
            DispatcherError: the dispatcher refused it, or it is closed.
            TimeoutError: it was not live within so many seconds.
        """
        self._session.wait_until_live(timeout)
        return self

    def register(self, topic: str, *, group: str = "", timeout: float | None = None) -> None:
        """Joins a topic or pattern, now and after each reconnect; returns once it is live. The newest group holds.

        Raises:
            DispatcherError: the dispatcher refused it; the session goes on. Or reason WOULD_DEADLOCK, from on_status
                and on_disposition.
            TimeoutError: it was not live in time; it will be later.
        """
        check_patterns([topic], "topic")
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.register(topic, group)
            self._send_if_live(message)
        wait_for(done, timeout)

    def deregister(self, topic: str, *, timeout: float | None = None) -> None:
        """Leaves a topic or pattern, written as it was registered; what was assigned before may still be answered.

        Raises:
            DispatcherError: the producer is closed.
            TimeoutError: it was not confirmed in time; it will be later.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.deregister(topic)
            self._send_if_live(message)
        wait_for(done, timeout)

    def set_concurrency(self, concurrency: int) -> None:
        """Changes how many requests are worked on at a time; what is at work goes on.

        Raises:
            InvalidArgumentError: it is no whole number from 1.
        """
        with self._session.lock:
            message = self._core.set_concurrency(concurrency)
            self._handler_threads.limit = concurrency
            self._send_if_live(message)

    def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Drains: takes no new work, finishes the old within `grace` seconds, then ends."""
        deadline = time.monotonic() + grace
        self._begin_close()
        self._session.close(deadline)
        self._handler_threads.close(deadline)

    def wait(self, timeout: float | None = None) -> None:
        """Waits until it is over.

        Raises:
            DispatcherError: the dispatcher refused it for good, such as SessionReplacedError.
            TimeoutError: it was not over within so many seconds.
        """
        self._session.wait(timeout)

    def __enter__(self) -> Producer:
        return self.ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin_close(self) -> None:
        with self._session.lock:
            if not self._session.is_closing and self._session.is_live:
                self._session.send(self._core.drain())
            self._session.is_closing = True

    def _send_if_live(self, message: bytes) -> None:
        if self._session.is_live:
            self._session.send(message)


class ProducerPeer:
    """What its session and its core ask of a producer with threads."""

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
        self.core = ProducerCore(options, lambda message, now: Assignment(self, message, now), self)
        self.core.hello()
        self.session = SessionThread(self, connection, on_status)
        self.session.start()

    def send_partial(self, assignment: Assignment, result: bytes) -> None:
        """Sends a partial result."""
        with self.session.lock:
            self.core.send_partial(assignment, result)

    def first_message(self) -> bytes:
        """Says hello."""
        return self.core.hello()

    def receive(self, message: bytes) -> None:
        """Takes a message."""
        with self.session.lock:
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
        self.session.set_heartbeat_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """The owner is to be told."""
        self.session.report_status_later(status)

    def send(self, message: bytes) -> None:
        """A message is to be sent."""
        self.session.send(message)

    def run_handler(self, assignment: Assignment) -> None:
        """A handler is to be run."""
        call = assignment._handler_call = lambda: self._run(assignment)
        self.handler_threads.submit(call)

    def assignment_revoked(self, assignment: Assignment) -> None:
        """A handler is to be told, or will not begin."""
        assignment.cancelled.set()
        # What a stuck handler holds up must not pile up.
        if assignment._handler_call is not None and self.handler_threads.withdraw(assignment._handler_call):
            self.core.release(assignment)

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        """A reply's fate is known."""
        self.session.defer(lambda: self._call_on_disposition(assignment_id, disposition))

    def drained(self) -> None:
        """The goodbye is complete."""
        self.session.half_close()

    def _call_on_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        if self._on_disposition is None:
            return
        try:
            self._on_disposition(assignment_id, disposition)
        except Exception as error:
            self.session.callback_failed("on_disposition", error)

    def _run(self, assignment: Assignment) -> None:
        assignment._handler_call = None
        if assignment.revocation is not None:
            with self.session.lock:
                self.core.release(assignment)
            return
        try:
            result = encode_answer(self._handler(assignment))
        except (
            BaseException
        ) as error:  # SystemExit and the like must not leave the request without an answer either.
            failure = encode_failure(error)
            with self.session.lock:
                self.core.fail(assignment, failure)
        else:
            with self.session.lock:
                self.core.answer(assignment, result)


def wait_for(done: Future[None], timeout: float | None) -> None:
    """Waits for the answer to a change."""
    try:
        done.result(timeout)
    except TimeoutError:
        raise
    except Exception as error:
        # Until Python 3.10 the futures have a TimeoutError of their own.
        if type(error).__name__ == "TimeoutError":
            raise TimeoutError("not confirmed in time") from None
        raise
