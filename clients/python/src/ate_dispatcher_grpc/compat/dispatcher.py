"""ATEDispatcher: a thread that scatters what it is asked to, in order."""

from __future__ import annotations

import logging
import math
import os
import threading
from queue import Queue
from typing import Any

from ate_dispatcher_grpc.compat.embedded import EmbeddedDispatcher
from ate_dispatcher_grpc.compat.payload import call_options
from ate_dispatcher_grpc.compat.peers import EXIT, Producer, QueueMsg, ResultListener
from ate_dispatcher_grpc.compat.sessions import Sessions
from ate_dispatcher_grpc.compat.topics import to_wire
from ate_dispatcher_grpc.errors import invalid_argument

_log = logging.getLogger("ate_dispatcher_grpc.compat")

# How long a change waits for the requests that were sent before it, in seconds.
_CONFIRMATION_TIMEOUT = 10.0


class ATEDispatcher(threading.Thread):
    """Takes requests, has them answered by the producers of their topic, and hands the results to its listeners.

    Without an address here or in ATE_DISPATCHER_ADDRESS, `start` starts a dispatcher process that ends with `stop`.
    """

    def __init__(self, address: str | None = None) -> None:
        super().__init__()
        self.evt_result_listeners: dict[str, set[ResultListener]] = {}
        self.evt_producers: dict[str, set[Producer]] = {}
        self.queue: Queue[QueueMsg] = Queue()
        self._address = address or os.environ.get("ATE_DISPATCHER_ADDRESS") or None
        self._embedded: EmbeddedDispatcher | None = None
        self._sessions: Sessions | None = None
        self._registration_lock = threading.RLock()
        self._is_ending = False

    def start(self) -> None:
        """Connects, registers what was registered so far, and begins to scatter what was requested so far.

        Raises:
            UnavailableError: there is no dispatcher; the text says what to do.
            RuntimeError: it was started before.
        """
        if self.ident is not None:
            raise RuntimeError("threads can only be started once")
        if self._address is None:
            self._embedded = EmbeddedDispatcher()
        try:
            self._connect(Sessions(self._address or self._embedded_address()))
        except BaseException:
            if self._sessions is not None:
                self._sessions.close()
            self._stop_embedded()
            raise
        super().start()

    def run(self) -> None:
        """Scatters requests until stopped."""
        sessions = self._sessions
        assert sessions is not None
        try:
            while (msg := self.queue.get())["kind"] != "exit":
                if msg["kind"] == "barrier":
                    msg["kwargs"]["passed"].set()
                else:
                    sessions.dispatch(msg["topic"] or "", msg["kwargs"]["ttl"], msg["kwargs"]["options"])
        finally:
            self._end(sessions)

    def stop(self) -> None:
        """Ends the dispatcher after the requests it was sent so far, and with it its producers and listeners."""
        if self._sessions is not None:
            self._sessions.stop_retrying()
        self.queue.put(EXIT)

    def register_result_listener(self, listener: ResultListener, topic: str) -> None:
        """Has a listener hear the results of a topic."""
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_result_listeners.setdefault(topic, set()).add(listener)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.add_listener(listener, name)

    def deregister_result_listener(self, listener: ResultListener, topic: str) -> None:
        """Has a listener hear no further result of a topic."""
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_result_listeners.setdefault(topic, set()).discard(listener)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.remove_listener(listener, name)

    def register_result_producer(self, producer: Producer, topic: str) -> None:
        """Has a producer asked on a topic."""
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_producers.setdefault(topic, set()).add(producer)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.add_producer(producer, name)

    def deregister_result_producer(self, producer: Producer, topic: str) -> None:
        """Has a producer no longer asked on a topic; what it was asked before it may still answer."""
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_producers.setdefault(topic, set()).discard(producer)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.remove_producer(producer, name)

    def send_request(self, topic: str, *args: Any, ttl: float = 5000, **kwargs: Any) -> None:
        """Asks all producers of a topic; returns at once. The results go to the topic's listeners.

        Args:
            topic: any text.
            args: positional arguments for the producers.
            ttl: how long results are taken, in milliseconds.
            kwargs: keyword arguments for the producers.

        Raises:
            InvalidArgumentError: the topic is no text, or the TTL is no number above 0.
            TypeError: an argument cannot be sent to another process.
        """
        if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not (0 < ttl < math.inf):
            raise invalid_argument("ttl", f"is {ttl!r}; it is a number of milliseconds above 0")
        name = to_wire(topic)
        request = {"ttl": ttl / 1000, "options": call_options(args, kwargs)}
        self.queue.put(
            QueueMsg(kind="request", topic=name, args=(), kwargs=request, uuid=None, reply_to=None)
        )

    def _connect(self, sessions: Sessions) -> None:
        with self._registration_lock:
            self._sessions = sessions
            for topic, producers in self.evt_producers.items():
                for producer in producers:
                    sessions.add_producer(producer, to_wire(topic))
            for topic, listeners in self.evt_result_listeners.items():
                for listener in listeners:
                    sessions.add_listener(listener, to_wire(topic))

    def _wait_for_earlier_requests(self) -> None:
        """Waits until the requests that were sent before are scattered, so that a change concerns later ones only."""
        if not self.is_alive() or self._is_ending or threading.current_thread() is self:
            return
        passed = threading.Event()
        self.queue.put(QueueMsg(kind="barrier", topic=None, args=(), kwargs={"passed": passed}))
        while not passed.wait(0.1) and not self._is_ending:
            continue

    def _end(self, sessions: Sessions) -> None:
        self._is_ending = True
        try:
            sessions.close()
        except Exception:
            _log.exception("the dispatcher could not be left in good order")
        with self._registration_lock:
            self._sessions = None
        for listeners in list(self.evt_result_listeners.values()):
            for listener in list(listeners):
                listener.stop()
        for producers in list(self.evt_producers.values()):
            for producer in list(producers):
                producer.stop()
        self._stop_embedded()

    def _embedded_address(self) -> str:
        assert self._embedded is not None
        return self._embedded.address

    def _stop_embedded(self) -> None:
        if self._embedded is not None:
            self._embedded.stop()
            self._embedded = None
