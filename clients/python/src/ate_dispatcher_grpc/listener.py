"""The listener that a program holds, with threads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType

from ate_dispatcher_grpc._confirmation import wait_for_confirmation
from ate_dispatcher_grpc._listener_core import ListenerItem
from ate_dispatcher_grpc._listener_peer import ListenerPeer
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

    def ready(self, timeout: float | None = None) -> Listener:
        """Waits until the session is live; returns this listener.

        Raises:
            DispatcherError: The dispatcher rejected the listener, or the listener is closed.
            TimeoutError: The session was not live after `timeout` seconds.
        """
        self._session.wait_until_live(timeout)
        return self

    def add(self, *topics: str, timeout: float | None = None) -> None:
        """Adds topics or patterns, and adds them again after each reconnect.

        Returns once the dispatcher has confirmed them. The confirmation arrives after the results that are already on
        the stream. Up to 65,536 results are buffered until then, so a loop over the listener may call this method.

        Raises:
            InvalidArgumentError: A topic is malformed; no topic is added.
            LimitError: More than 65,536 results arrived before the confirmation. The reason is SLOW_CONSUMER. The
                topics are added nevertheless.
            DispatcherError: The listener is closed. The reason is WOULD_DEADLOCK if the call comes from on_status.
            TimeoutError: The dispatcher did not confirm within `timeout` seconds. The change stays pending.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            messages, done = self._core.add(topics)
            self._send(messages)
        self._wait(done, timeout)

    def remove(self, *topics: str, timeout: float | None = None) -> None:
        """Removes topics or patterns, which must be written as they were added.

        Returns once the dispatcher has confirmed. No delivery for the removed topics arrives after that.

        Raises:
            DispatcherError: As for `add`.
            TimeoutError: As for `add`.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            messages, done = self._core.remove(topics)
            self._send(messages)
        self._wait(done, timeout)

    def get(self, timeout: float | None = None) -> ResultDelivery:
        """Returns the next result.

        Raises:
            TimeoutError: No result arrived within `timeout` seconds.
            ClosedError: The listener is closed.
            DispatcherError: The dispatcher ended the session for good.
        """
        self._session.owner.ensure_current()
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
        """Yields results in order; calls on_summary and on_gap for summaries and gaps in between."""
        for item in self.events():
            if isinstance(item, ResultDelivery):
                yield item
            else:
                self._peer.notify(item)

    def events(self) -> Iterator[ListenerItem]:
        """Yields results, gaps and, with `include_summaries`, summaries, in order; ends when the listener is closed.

        Raises:
            DispatcherError: The dispatcher ended the session for good.
        """
        self._session.owner.ensure_current()
        while (item := self._inbox.take()) is not None:
            yield item

    def close(self, grace: float = 0.0) -> None:
        """Ends the session and any loop over the listener; drops buffered results.

        Args:
            grace: How long on_result may still process buffered results before they are dropped, in seconds.
                Default 0.
        """
        if not self._session.owner.is_current:
            return
        self._inbox.close(None, keep=grace > 0)
        self._peer.join(grace)
        self._inbox.clear()
        self._session.close(time.monotonic())
        self._peer.join(None)

    def wait(self, timeout: float | None = None) -> None:
        """Waits until the session has ended for good.

        Raises:
            DispatcherError: The dispatcher ended the session for good, for example with SessionReplacedError.
            TimeoutError: The session had not ended after `timeout` seconds.
        """
        self._session.wait(timeout)

    def __enter__(self) -> Listener:
        return self.ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, messages: list[bytes]) -> None:
        for message in messages:
            self._session.send(message)

    def _wait(self, done: Future[None], timeout: float | None) -> None:
        with self._inbox.read_ahead(done) as answer:
            wait_for_confirmation(answer, timeout)
