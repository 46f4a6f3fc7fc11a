"""A listener, with threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import TracebackType

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._connection import Connection
from ate_dispatcher_grpc._inbox import Inbox
from ate_dispatcher_grpc._listener_core import ListenerCore, ListenerItem, ListenerOptions
from ate_dispatcher_grpc._session_thread import SessionThread
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError
from ate_dispatcher_grpc.producer import wait_for
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

    def ready(self, timeout: float | None = None) -> Listener:
        """Waits until it is live, and returns it.

        Raises:
            DispatcherError: the dispatcher refused it, or it is closed.
            TimeoutError: it was not live within so many seconds.
        """
        self._session.wait_until_live(timeout)
        return self

    def add(self, *topics: str, timeout: float | None = None) -> None:
        """Adds topics or patterns, also for later sessions; returns once they are live.

        The answer comes after the results that are on their way. Up to 65,536 of them wait here meanwhile, so that a
        loop may call this, too.

        Raises:
            InvalidArgumentError: one of them is malformed; nothing is added then.
            LimitError: reason SLOW_CONSUMER: more results come first; they are added all the same.
            DispatcherError: reason WOULD_DEADLOCK, from on_status.
            TimeoutError: they were not live in time; they will be later.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.add(topics)
            self._send(message)
        self._wait(done, timeout)

    def remove(self, *topics: str, timeout: float | None = None) -> None:
        """Removes topics or patterns, written as they were added; returns after their last delivery.

        Raises:
            DispatcherError: the listener is closed; or as `add`.
            TimeoutError: it was not confirmed in time; it will be later.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.remove(topics)
            self._send(message)
        self._wait(done, timeout)

    def get(self, timeout: float | None = None) -> ResultDelivery:
        """Returns the next result.

        Raises:
            TimeoutError: there was none within so many seconds.
            ClosedError: the listener is closed; or what the dispatcher refused it with.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            item = self._inbox.take(left)
            if item is None:
                raise ClosedError("listener")
            if isinstance(item, ResultDelivery):
                return item
            self._peer.notify(item)

    def __iter__(self) -> Iterator[ResultDelivery]:
        """Yields results as they come; on_summary and on_gap are called in their place."""
        for item in self.events():
            if isinstance(item, ResultDelivery):
                yield item
            else:
                self._peer.notify(item)

    def events(self) -> Iterator[ListenerItem]:
        """Yields results, gaps, and with `include_summaries` summaries, in order; ends with close.

        Raises:
            DispatcherError: the dispatcher refused the listener for good.
        """
        while (item := self._inbox.take()) is not None:
            yield item

    def close(self, grace: float = 0.0) -> None:
        """Ends; results that were not taken are dropped, and a loop over them ends.

        Args:
            grace: for how many seconds on_result is still given what has arrived.
        """
        self._inbox.close(None, keep=grace > 0)
        self._peer.join(grace)
        self._inbox.clear()
        self._session.close(time.monotonic())
        self._peer.join(None)

    def wait(self, timeout: float | None = None) -> None:
        """Waits until it is over.

        Raises:
            DispatcherError: the dispatcher refused it for good, such as SessionReplacedError.
            TimeoutError: it was not over within so many seconds.
        """
        self._session.wait(timeout)

    def __enter__(self) -> Listener:
        return self.ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, message: bytes | None) -> None:
        if message is not None:
            self._session.send(message)

    def _wait(self, done: Future[None], timeout: float | None) -> None:
        with self._inbox.read_ahead(done) as answer:
            wait_for(answer, timeout)


class ListenerPeer:
    """What its session and its core ask of a listener with threads."""

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
        """Waits for the thread that calls on_result."""
        if self._consumer is not None and self._consumer is not threading.current_thread():
            self._consumer.join(timeout)

    def first_message(self) -> bytes:
        """Says what to listen to."""
        return self.core.listen()

    def receive(self, message: bytes) -> None:
        """Takes a message."""
        with self.session.lock:
            items = self.core.receive(message)
        if not items:
            return
        # While nobody takes results the stream is not read, and so not heard.
        self.session.watch.stop()
        self.inbox.put(items)
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
        self.session.set_heartbeat_interval(interval)

    def report_status(self, status: SessionStatus) -> None:
        """The owner is to be told."""
        self.session.report_status_later(status)

    def _consume(self) -> None:
        try:
            while (item := self.inbox.take()) is not None:
                if isinstance(item, ResultDelivery):
                    self._call_back("on_result", self._on_result, item)
                else:
                    self.notify(item)
        except DispatcherError:
            # The owner learns it from wait() and on_status.
            return

    def notify(self, item: Summary | Gap) -> None:
        """Calls the callback for what is no result."""
        if isinstance(item, Summary):
            self._call_back("on_summary", self._on_summary, item)
        else:
            self._call_back("on_gap", self._on_gap, item)

    def _call_back(self, name: str, callback: Callable[..., object] | None, item: ListenerItem) -> None:
        if callback is None:
            return
        try:
            callback(item)
        except Exception as error:
            self.session.callback_failed(name, error)
