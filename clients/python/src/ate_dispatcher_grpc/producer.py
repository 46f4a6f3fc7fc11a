"""The producer that a program holds, with threads."""

from __future__ import annotations

import time
from types import TracebackType

from ate_dispatcher_grpc._background import run_in_background
from ate_dispatcher_grpc._confirmation import wait_for_confirmation
from ate_dispatcher_grpc._producer_peer import ProducerPeer
from ate_dispatcher_grpc._session import DEFAULT_GRACE


class Producer:
    """A producer that reconnects and registers again by itself until it is closed. Made by `Client.producer`."""

    def __init__(self, peer: ProducerPeer) -> None:
        self._core = peer.core
        self._session = peer.session
        self._handler_threads = peer.handler_threads

    @property
    def id(self) -> str | None:
        """The id that the caller chose or the server assigned; None before the first session."""
        return self._session.id

    def ready(self, timeout: float | None = None) -> Producer:
        """Waits until the session is live and the topics are registered; returns this producer.

        Raises:
            DispatcherError: The dispatcher rejected the producer, or the producer is closed.
            TimeoutError: The session was not live after `timeout` seconds.
        """
        self._session.wait_until_live(timeout)
        return self

    def register(self, topic: str, *, group: str = "", timeout: float | None = None) -> None:
        """Joins a topic or pattern, and joins it again after each reconnect.

        Returns once the dispatcher has confirmed the registration. Registering a topic again replaces its group.

        Raises:
            InvalidArgumentError: The topic or group is malformed.
            DispatcherError: The dispatcher rejected the registration; the session continues. The reason is
                WOULD_DEADLOCK if the call comes from on_status or on_disposition.
            TimeoutError: The dispatcher did not confirm within `timeout` seconds. The registration stays pending.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.register(topic, group)
            self._send_change(message)
        wait_for_confirmation(done, timeout)

    def deregister(self, topic: str, *, timeout: float | None = None) -> None:
        """Leaves a topic or pattern, which must be written as it was registered.

        Assignments that arrived before may still be answered.

        Raises:
            InvalidArgumentError: The topic is malformed.
            DispatcherError: The producer is closed. The reason is WOULD_DEADLOCK if the call comes from on_status or
                on_disposition.
            TimeoutError: The dispatcher did not confirm within `timeout` seconds. The change stays pending.
        """
        with self._session.lock:
            self._session.ensure_open()
            self._session.ensure_not_session_thread()
            message, done = self._core.deregister(topic)
            self._send_change(message)
        wait_for_confirmation(done, timeout)

    def set_concurrency(self, concurrency: int) -> None:
        """Changes the maximum number of handlers that run at the same time; running handlers continue.

        Raises:
            InvalidArgumentError: `concurrency` is not an integer of at least 1.
            DispatcherError: The producer is closed.
        """
        with self._session.lock:
            self._session.ensure_open()
            message = self._core.set_concurrency(concurrency)
            self._handler_threads.set_limit(concurrency)
            self._send_change(message)

    def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Drains, then ends the session: accepts no new assignments and finishes those it has.

        In a handler or callback of this producer it returns at once, and the session ends after the handlers.

        Args:
            grace: How long running handlers may take, in seconds. Handlers that take longer are revoked with the
                reason CLOSED. Default 30.
        """
        if not self._session.owner.is_current:
            return
        deadline = time.monotonic() + grace
        self._begin_close()
        if self._is_inside():
            run_in_background(lambda: self._finish_close(deadline))
        else:
            self._finish_close(deadline)

    def wait(self, timeout: float | None = None) -> None:
        """Waits until the session has ended for good.

        Raises:
            DispatcherError: The dispatcher ended the session for good, for example with SessionReplacedError.
            TimeoutError: The session had not ended after `timeout` seconds.
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

    def _is_inside(self) -> bool:
        """Returns whether the current thread runs a handler or callback of this producer, which close waits for."""
        return self._handler_threads.is_current() or self._session.is_current_thread()

    def _finish_close(self, deadline: float) -> None:
        self._session.close(deadline)
        self._handler_threads.close(deadline)

    def _send_change(self, message: bytes) -> None:
        # Otherwise the next Hello or the messages after the next Welcome contain it.
        if self._core.accepts_changes:
            self._session.send(message)
