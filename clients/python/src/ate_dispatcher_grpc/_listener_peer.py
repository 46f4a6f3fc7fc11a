"""Connects a listener's callbacks and inbox to its session, with threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._connection import Connection
from ate_dispatcher_grpc._inbox import Inbox
from ate_dispatcher_grpc._listener_core import ListenerCore, ListenerItem, ListenerOptions
from ate_dispatcher_grpc._session_thread import SessionThread
from ate_dispatcher_grpc._time import wait_time
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
        self.session = SessionThread(self, connection, on_status)
        self._consumer: threading.Thread | None = None
        if on_result is not None:
            name = "ate-dispatcher-on-result"
            self._consumer = threading.Thread(target=self._consume, name=name, daemon=True)
            self._consumer.start()
        self.session.start()

    def join(self, timeout: float | None) -> None:
        """Waits for the thread that calls on_result; `timeout` is in seconds."""
        if self._consumer is not None and self._consumer is not threading.current_thread():
            self._consumer.join(wait_time(timeout))

    def first_messages(self) -> list[bytes]:
        """Returns the parts of the ListenRequest."""
        return self.core.listen()

    def receive(self, message: bytes) -> None:
        """Handles one message from the server."""
        with self.session.lock:
            items = self.core.receive(message)
        if not items:
            return
        # While the inbox is full the stream is not read, so silence does not mean a dead connection.
        self.session.watch.stop()
        self.inbox.put(items)
        self.session.watch.resume()

    def stream_lost(self, error: DispatcherError) -> None:
        """Does nothing: a listener keeps no state for a single stream."""

    def session_ended(self, error: DispatcherError | None) -> None:
        """Releases every thread that waits for this peer."""
        self.core.session_ended(error or ClosedError(self.kind))
        self.inbox.close(error)

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        """Marks the session as live."""
        self.session.session_live(status, heartbeat_interval)

    def send(self, message: bytes) -> None:
        """Sends a message on the current stream."""
        self.session.send(message)

    def set_heartbeat_interval(self, interval: float) -> None:
        """Sets the interval of the server's heartbeats, in seconds."""
        self.session.set_heartbeat_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """Reports a status to on_status."""
        self.session.report_status_later(status)

    def _consume(self) -> None:
        try:
            while (item := self.inbox.take()) is not None:
                if isinstance(item, ResultDelivery):
                    self._call_back("on_result", self._on_result, item)
                else:
                    self.notify(item)
        except DispatcherError:
            # wait() and on_status report this error to the owner.
            return

    def notify(self, item: Summary | Gap) -> None:
        """Calls on_summary or on_gap."""
        if isinstance(item, Summary):
            self._call_back("on_summary", self._on_summary, item)
        else:
            self._call_back("on_gap", self._on_gap, item)

    def _call_back(self, name: str, callback: Callable[..., object] | None, item: ListenerItem) -> None:
        if callback is None:
            return
        try:
            callback(item)
        except BaseException as error:
            # In the program's own thread, SystemExit and Ctrl-C concern the program.
            if not isinstance(error, Exception) and threading.current_thread() is not self._consumer:
                raise
            self.session.callback_failed(name, error)
