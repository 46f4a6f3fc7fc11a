"""Keeps a producer or listener connected: one thread that opens the stream, reads it, and opens it again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import grpc

from ate_dispatcher_grpc._backoff import Backoff
from ate_dispatcher_grpc._connection import Call, Connection
from ate_dispatcher_grpc._outbox import Outbox
from ate_dispatcher_grpc._session import STABLE_AFTER, heartbeat_lost, is_permanent, stream_ended
from ate_dispatcher_grpc._watchdog import Watch
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.status import Closed, Disconnected, Fault, Ready, SessionStatus

_log = logging.getLogger("ate_dispatcher_grpc")


class Peer(Protocol):
    """What a producer or listener does on its stream; all but `receive` is called with the session's lock held."""

    kind: str
    path: str
    merges_messages: bool

    def first_message(self) -> bytes:
        """Returns the first message of a new stream."""

    def receive(self, message: bytes) -> None:
        """Takes a message."""

    def stream_lost(self, error: DispatcherError) -> None:
        """The stream is gone, and with it all that belongs to it alone."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """There will be no further stream; no error if it was closed on purpose."""


class SessionThread:
    """One peer's session, through however many streams."""

    def __init__(
        self, peer: Peer, connection: Connection, on_status: Callable[[SessionStatus], object] | None
    ) -> None:
        self._peer = peer
        self._connection = connection
        self._on_status = on_status
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._backoff = Backoff(connection.options.reconnect)
        self._outbox = Outbox(peer.merges_messages)
        self._call: Call = None
        self._identity: Ready | None = None
        self._live_since: float | None = None
        self._abort_error: DispatcherError | None = None
        self.is_closing = False
        self._error: DispatcherError | None = None
        self.is_closed = False
        self._channel: grpc.Channel | None = None
        self._deferred: list[Callable[[], object]] = []
        self.watch = Watch(connection.watchdog, self._on_dead)
        name = f"ate-dispatcher-{peer.kind}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to connect."""
        self._thread.start()

    @property
    def id(self) -> str | None:
        """The peer's id by the latest session; None before the first."""
        return self._identity.id if self._identity else None

    @property
    def is_live(self) -> bool:
        """Whether a session is live at this moment."""
        return self._live_since is not None

    def send(self, message: bytes) -> None:
        """Sends on the present stream; without one it is dropped."""
        self._outbox.push(message)

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Takes the server's word that the session is live."""
        assert isinstance(status, Ready)
        with self.lock:
            self._identity = status
            self._live_since = time.monotonic()
            self._changed.notify_all()
        self.watch.set_interval(heartbeat_interval)
        self.report_status_later(status)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Takes the interval of heartbeats."""
        self.watch.set_interval(interval)

    def report_status_later(self, status: SessionStatus) -> None:
        """Tells the owner once the message that is being taken is done with, and the lock is free."""
        self.defer(lambda: self.report_status(status))

    def defer(self, callback: Callable[[], object]) -> None:
        """Calls the owner once the message that is being taken is done with, and the lock is free."""
        self._deferred.append(callback)

    def report_status(self, status: SessionStatus) -> None:
        """Tells the owner."""
        if self._on_status is None:
            return
        try:
            self._on_status(status)
        except Exception:
            _log.exception("on_status raised")

    def callback_failed(self, name: str, error: Exception) -> None:
        """Tells the owner that a callback raised."""
        _log.error("%s raised", name, exc_info=error)
        text = f"{name} raised {type(error).__name__}: {error}"
        self.report_status(Fault(DispatcherError(grpc.StatusCode.UNKNOWN, text, reason="CALLBACK_FAILED")))

    def wait_until_live(self, timeout: float | None) -> None:
        """Waits for a live session.

        Raises:
            DispatcherError: there will be none.
            TimeoutError: there was none in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_live or self.is_closed, timeout):
                raise TimeoutError(f"the {self._peer.kind} was not live within {timeout:g} s")
            if self.is_closed:
                raise self._error or ClosedError(self._peer.kind)

    def wait(self, timeout: float | None) -> None:
        """Waits for the end; raises what the server refused it with, or TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_closed, timeout):
                raise TimeoutError(f"the {self._peer.kind} was not closed within {timeout:g} s")
            if self._error is not None:
                raise self._error

    def ensure_open(self) -> None:
        """Raises ClosedError after close."""
        if self.is_closing:
            raise self._error or ClosedError(self._peer.kind)

    def ensure_not_session_thread(self) -> None:
        """Raises where an answer would be awaited for ever: in callbacks of the thread that reads it."""
        if threading.current_thread() is self._thread:
            details = "the answer cannot be awaited in a callback of its own session; do it in another thread"
            raise DispatcherError(grpc.StatusCode.FAILED_PRECONDITION, details, reason="WOULD_DEADLOCK")

    def close(self, deadline: float) -> None:
        """Lets the stream end by itself until the deadline, then ends it; waits for the thread."""
        is_inside = threading.current_thread() is self._thread
        with self._changed:
            self.is_closing = True
            self.watch.stop()
            self._changed.notify_all()
            if self.is_live and not is_inside:
                self._changed.wait_for(lambda: self.is_closed, max(0.0, deadline - time.monotonic()))
            self.abort(ClosedError(self._peer.kind))
        if not is_inside and self._thread.ident is not None:
            self._thread.join()

    def abort(self, error: DispatcherError | None = None) -> None:
        """Ends the present stream."""
        with self.lock:
            self._abort_error = self._abort_error or error
            call = self._call
        if call is not None:
            call.cancel()

    def half_close(self) -> None:
        """Says nothing more on the present stream."""
        self._outbox.close()

    def _on_dead(self, silence: float) -> None:
        with self.lock:
            self._abort_error = self._abort_error or heartbeat_lost(silence)
            call, channel = self._call, self._channel
        if channel is not None:
            self._connection.replace_channel(channel)
        if call is not None:
            call.cancel()

    def _run(self) -> None:
        error: DispatcherError | None = None
        while not self.is_closing:
            error = self._run_stream()
            was_stable = self.is_live and time.monotonic() - (self._live_since or 0) >= STABLE_AFTER
            with self.lock:
                self._live_since = None
                self._call = None
                self._peer.stream_lost(error)
            if self.is_closing or is_permanent(error) or isinstance(error, ClosedError):
                break
            if was_stable:
                self._backoff.reset()
            self._wait_before_retry(error)
        self._finish(None if self.is_closing or isinstance(error, ClosedError) else error)

    def _wait_before_retry(self, error: DispatcherError) -> None:
        delay = max(self._backoff.next(), error.retry_delay or 0)
        self.report_status(Disconnected(error, delay))
        with self._changed:
            self._changed.wait_for(lambda: self.is_closing, delay)

    def _run_stream(self) -> DispatcherError:
        """Runs one stream to its end, and says why it ended."""
        outbox = Outbox(self._peer.merges_messages)
        try:
            with self.lock:
                if self.is_closing:
                    return ClosedError(self._peer.kind)
                self._abort_error = None
                outbox.push(self._peer.first_message())
                self._outbox = outbox
                self._channel, self._call = self._connection.bidi(self._peer.path, outbox)
            self.watch.start()
            for message in self._call:
                self.watch.message_received()
                self._peer.receive(message)
                while self._deferred:
                    self._deferred.pop(0)()
            return self._abort_error or stream_ended()
        except grpc.RpcError as error:
            return self._abort_error or self._connection.error_of(error)
        except DispatcherError as error:
            return error
        except Exception as error:
            _log.exception("a message could not be read")
            return DispatcherError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
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
