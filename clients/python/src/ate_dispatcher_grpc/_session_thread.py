"""Keeps a producer or listener connected, with one thread that opens the stream, reads it and reopens it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import grpc

from ate_dispatcher_grpc._backoff import Backoff
from ate_dispatcher_grpc._connection import Connection, Stream
from ate_dispatcher_grpc._failures import is_interrupt, log_event, log_failure, named_text_of
from ate_dispatcher_grpc._outbox import Outbox
from ate_dispatcher_grpc._peer import Peer
from ate_dispatcher_grpc._session import (
    Notices,
    callback_failure,
    disconnected_text,
    heartbeat_lost,
    is_permanent,
    not_connected,
    stream_ended,
    with_reason,
)
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc._watchdog import Watch
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.status import Closed, Disconnected, Fault, Ready, SessionStatus

_log = logging.getLogger("ate_dispatcher_grpc")


class SessionThread:
    """Connects one peer, and reconnects it until it is closed or a retry is pointless."""

    def __init__(
        self, peer: Peer, connection: Connection, on_status: Callable[[SessionStatus], object] | None
    ) -> None:
        self._peer = peer
        self._connection = connection
        self._address = connection.options.address
        self._on_status = on_status
        self.owner = connection.owner
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._notices = Notices()
        self._backoff = Backoff(connection.options.reconnect)
        self._outbox = Outbox(peer.merges_messages)
        self._call: Stream | None = None
        self._identity: Ready | None = None
        self._live_since: float | None = None
        self._abort_error: DispatcherError | None = None
        # Why there is no session at present.
        self._last_failure: DispatcherError | None = None
        self.is_closing = False
        self._error: DispatcherError | None = None
        self.is_closed = False
        self._deferred: list[Callable[[], object]] = []
        self.watch = Watch(connection.watchdog, self._on_dead)
        name = f"ate-dispatcher-{peer.kind}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts to connect."""
        self._thread.start()

    @property
    def lock(self) -> threading.RLock:
        """The lock of the peer's state. Raises DispatcherError (FORKED) in a forked child, where nobody releases it."""
        self.owner.ensure_current()
        return self._lock

    @property
    def id(self) -> str | None:
        """The id of the peer in the latest session; None before the first session."""
        return self._identity.id if self._identity else None

    @property
    def is_live(self) -> bool:
        """Whether the session is live."""
        return self._live_since is not None

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream; drops it if there is no stream."""
        self._outbox.push(message)

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live; `heartbeat_interval` is in seconds."""
        assert isinstance(status, Ready)
        with self._lock:
            self._identity = status
            self._live_since = time.monotonic()
            self._last_failure = None
            self._changed.notify_all()
        self.watch.set_interval(heartbeat_interval)
        self.report_status_later(status)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""
        self.watch.set_interval(interval)

    def report_status_later(self, status: SessionStatus) -> None:
        """Calls on_status after the current message is handled and the lock is released."""
        self.defer(lambda: self.report_status(status))

    def defer(self, callback: Callable[[], object]) -> None:
        """Calls a function after the current message is handled and the lock is released."""
        self._deferred.append(callback)

    def report_status(self, status: SessionStatus) -> None:
        """Calls on_status."""
        if self._on_status is None:
            return
        try:
            self._on_status(status)
        except BaseException as error:
            if is_interrupt(error):
                raise
            log_failure(_log, "on_status", error)

    def callback_failed(self, name: str, error: BaseException) -> None:
        """Logs and reports that a callback raised."""
        log_failure(_log, name, error)
        self.report_status(Fault(callback_failure(name, error)))

    def wait_until_live(self, timeout: float | None) -> None:
        """Waits until the session is live; `timeout` is in seconds.

        Raises:
            DispatcherError: The session has ended for good.
            TimeoutError: The session was not live in time.
        """
        self.owner.ensure_current()
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_live or self.is_closed, wait_time(timeout)):
                text = f"the {self._peer.kind} was not live within {timeout:g} s"
                raise TimeoutError(with_reason(text, self._last_failure))
            if self.is_closed:
                raise self._error or ClosedError(self._peer.kind)

    def wait(self, timeout: float | None) -> None:
        """Waits for the end of the session; raises the error that ended it, or TimeoutError."""
        self.owner.ensure_current()
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_closed, wait_time(timeout)):
                raise TimeoutError(f"the {self._peer.kind} was not closed within {timeout:g} s")
            if self._error is not None:
                raise self._error

    def ensure_open(self) -> None:
        """Raises the error that ended the session, or ClosedError after close."""
        if self.is_closing:
            raise self._error or ClosedError(self._peer.kind)

    def is_current_thread(self) -> bool:
        """Returns whether the current thread is the one of this session, which runs callbacks."""
        return threading.current_thread() is self._thread

    def ensure_not_session_thread(self) -> None:
        """Raises in a callback that this session's own thread runs: it would wait for an answer only it can read."""
        if self.is_current_thread():
            details = (
                "a callback cannot wait for an answer on its own session; make this call in another thread"
            )
            raise DispatcherError(grpc.StatusCode.FAILED_PRECONDITION, details, reason="WOULD_DEADLOCK")

    def close(self, deadline: float) -> None:
        """Waits for the end of the stream until the monotonic clock reaches `deadline`, then ends the session."""
        is_session_thread = threading.current_thread() is self._thread
        with self._changed:
            self.is_closing = True
            self.watch.stop()
            self._changed.notify_all()
            self._connection.tokens.wake()
            if self.is_live and not is_session_thread:
                self._changed.wait_for(lambda: self.is_closed, wait_time(deadline - time.monotonic()))
            self.abort(ClosedError(self._peer.kind))
        if not is_session_thread and self._thread.ident is not None:
            self._thread.join()

    def abort(self, error: DispatcherError | None = None) -> None:
        """Cancels the current stream; `error` becomes its reason unless it already has one."""
        with self._lock:
            self._abort_error = self._abort_error or error
            call = self._call
        if call is not None:
            call.cancel()

    def half_close(self) -> None:
        """Half-closes the current stream."""
        self._outbox.close()

    def _on_dead(self, silence: float) -> None:
        with self._lock:
            call = self._call
            if call is None:
                return
            error = heartbeat_lost(silence) if call.is_written else not_connected(self._address, silence)
            self._abort_error = self._abort_error or error
        if call.is_written:
            call.retire_channel()
        call.cancel()

    def _run(self) -> None:
        error: DispatcherError | None = None
        while not self.is_closing:
            error = self._run_stream()
            was_live = self.is_live
            with self._lock:
                self._live_since = None
                self._call = None
                self._last_failure = error
                self._peer.stream_lost(error)
            is_final = is_permanent(error, self._connection.options.is_token_renewed)
            if self.is_closing or is_final or isinstance(error, ClosedError):
                break
            if was_live:
                self._backoff.reset()
            self._wait_before_retry(error, was_live)
        self._finish(None if self.is_closing or isinstance(error, ClosedError) else error)

    def _wait_before_retry(self, error: DispatcherError, was_live: bool) -> None:
        delay = max(self._backoff.next(), error.retry_delay or 0)
        if self._notices.is_due(was_live):
            log_event(_log, logging.WARNING, disconnected_text(self._peer.kind, self._address, error, delay))
            self.report_status(Disconnected(error, delay))
        with self._changed:
            self._changed.wait_for(lambda: self.is_closing, wait_time(delay))

    def _run_stream(self) -> DispatcherError:
        """Runs one stream to its end; returns why it ended."""
        outbox = Outbox(self._peer.merges_messages)
        try:
            metadata = self._connection.session_metadata(lambda: self.is_closing)
            with self._lock:
                if self.is_closing:
                    return ClosedError(self._peer.kind)
                self._abort_error = None
                for message in self._peer.first_messages():
                    outbox.push(message)
                self._outbox = outbox
                self._call = call = self._connection.bidi(self._peer.path, outbox, metadata)
            self.watch.start()
            for message in call:
                self.watch.message_received()
                self._peer.receive(message)
                while self._deferred:
                    self._deferred.pop(0)()
            return self._abort_error or stream_ended()
        except grpc.RpcError as error:
            return self._abort_error or self._connection.error_of(error)
        except DispatcherError as error:
            return error
        except BaseException as error:
            log_failure(_log, "the handling of a message from the server", error)
            return DispatcherError(grpc.StatusCode.INTERNAL, named_text_of(error))
        finally:
            self.watch.stop()
            outbox.close()
            if self._call is not None:
                self._call.cancel()

    def _finish(self, error: DispatcherError | None) -> None:
        with self._changed:
            self.is_closing = True
            self.is_closed = True
            self._error = error
            self._peer.session_ended(error)
            self._changed.notify_all()
        self.report_status(Closed(error))
