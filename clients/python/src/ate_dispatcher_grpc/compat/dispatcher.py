"""ATEDispatcher: a thread that scatters requests in order."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable
from queue import Queue
from typing import Any, TypeVar

from ate_dispatcher_grpc._failures import log_failure, printable
from ate_dispatcher_grpc._fork import Owner
from ate_dispatcher_grpc._token import Token
from ate_dispatcher_grpc.compat.codec import Codec
from ate_dispatcher_grpc.compat.embedded import EmbeddedDispatcher
from ate_dispatcher_grpc.compat.payload import call_options
from ate_dispatcher_grpc.compat.peers import EXIT, Producer, QueueMsg, ResultListener
from ate_dispatcher_grpc.compat.security import security
from ate_dispatcher_grpc.compat.sessions import Sessions
from ate_dispatcher_grpc.compat.topics import to_wire
from ate_dispatcher_grpc.errors import invalid_argument
from ate_dispatcher_grpc.tls import Tls

_log = logging.getLogger("ate_dispatcher_grpc.compat")

T = TypeVar("T")


class ATEDispatcher(threading.Thread):
    """Scatters requests to the producers of their topic, and passes the results to the topic's listeners.

    Without an address, here or in ATE_DISPATCHER_ADDRESS, `start` starts a dispatcher process that `stop` ends.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        allow_insecure_token: bool | None = None,
    ) -> None:
        """Creates a dispatcher, which `start` connects.

        Args:
            address: `host:port` of a dispatcher. Default: ATE_DISPATCHER_ADDRESS.
            tls: As for `Client`; needs an address. Default: ATE_DISPATCHER_TLS (true), and the files that
                ATE_DISPATCHER_TLS_CA, ATE_DISPATCHER_TLS_CERT and ATE_DISPATCHER_TLS_KEY name, and
                ATE_DISPATCHER_SERVER_NAME.
            token: As for `Client`. Default: the content of the file ATE_DISPATCHER_TOKEN_FILE, which is read again
                whenever a token is needed, else ATE_DISPATCHER_TOKEN.
            allow_insecure_token: As for `Client`. Default: ATE_DISPATCHER_ALLOW_INSECURE_TOKEN.

        Raises:
            InvalidArgumentError: A variable has no usable value, or `tls` is set without an address.
        """
        super().__init__()
        self.evt_result_listeners: dict[str, set[ResultListener]] = {}
        self.evt_producers: dict[str, set[Producer]] = {}
        self.queue: Queue[QueueMsg] = Queue()
        self._address = address or os.environ.get("ATE_DISPATCHER_ADDRESS") or None
        self._security = security(tls, token, allow_insecure_token)
        if self._security["tls"] is not None and self._address is None:
            raise invalid_argument(
                "tls", "needs the address of a dispatcher; pass one, or set ATE_DISPATCHER_ADDRESS"
            )
        self._embedded: EmbeddedDispatcher | None = None
        self._sessions: Sessions | None = None
        self._registration_lock = threading.RLock()
        self._is_ending = False
        self._codec = Codec()
        # The process that started the dispatcher.
        self._owner: Owner | None = None

    def register_type(
        self, kind: type[T], tag: str, encode: Callable[[T], Any], decode: Callable[[Any], T]
    ) -> None:
        """Makes values of a class sendable. Register it alike in every program that sends or receives such values.

        Args:
            kind: The class. Its subclasses are not included.
            tag: Name of the class on the wire; letters, digits, dots and dashes.
            encode: Converts a value to a value of sendable types.
            decode: Converts it back.

        Raises:
            ValueError: The class or the tag is already registered.
        """
        self._codec.register_type(kind, tag, encode, decode)

    def start(self) -> None:
        """Connects, applies the registrations made so far, and starts to scatter the queued requests.

        Raises:
            UnavailableError: There is no dispatcher; the message names the remedy.
            UnauthenticatedError: The dispatcher does not accept the credentials.
            PermissionDeniedError: The policy does not allow a registration.
            RuntimeError: The thread was started before.
        """
        if self.ident is not None:
            raise RuntimeError("threads can only be started once")
        self._owner = Owner()
        self._owner.closed()
        if self._address is None:
            self._embedded = EmbeddedDispatcher()
        try:
            address = self._address or self._embedded_address()
            self._connect(Sessions(address, self._codec, self._security))
        except BaseException:
            if self._sessions is not None:
                self._sessions.close()
            self._stop_embedded()
            raise
        super().start()

    def run(self) -> None:
        """Scatters queued requests until `stop`."""
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
        """Ends this thread and the registered producers and listeners, after the requests sent so far.

        Does nothing in a forked child of the process that started the dispatcher.
        """
        if self._owner is not None and not self._owner.is_current:
            return
        if self._sessions is not None:
            self._sessions.stop_retrying()
        self.queue.put(EXIT)

    def register_result_listener(self, listener: ResultListener, topic: str) -> None:
        """Registers a listener for the results of a topic."""
        self._ensure_own_process()
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_result_listeners.setdefault(topic, set()).add(listener)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.add_listener(listener, name)

    def deregister_result_listener(self, listener: ResultListener, topic: str) -> None:
        """Removes a listener from a topic."""
        self._ensure_own_process()
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_result_listeners.setdefault(topic, set()).discard(listener)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.remove_listener(listener, name)

    def register_result_producer(self, producer: Producer, topic: str) -> None:
        """Registers a producer on a topic."""
        self._ensure_own_process()
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_producers.setdefault(topic, set()).add(producer)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.add_producer(producer, name)

    def deregister_result_producer(self, producer: Producer, topic: str) -> None:
        """Removes a producer from a topic; it may still answer earlier requests."""
        self._ensure_own_process()
        name = to_wire(topic)
        with self._registration_lock:
            self.evt_producers.setdefault(topic, set()).discard(producer)
            if self._sessions is not None:
                self._wait_for_earlier_requests()
                self._sessions.remove_producer(producer, name)

    def send_request(self, topic: str, *args: Any, ttl: float = 5000, **kwargs: Any) -> None:
        """Scatters a request to all producers of a topic; returns at once. The results go to the topic's listeners.

        Args:
            topic: Any text.
            args: Positional arguments for the producers.
            ttl: How long the dispatcher waits for results, in milliseconds; above 0. Default 5,000.
            kwargs: Keyword arguments for the producers.

        Raises:
            InvalidArgumentError: The topic is not a str, or the TTL is not a number above 0.
            TypeError: An argument cannot be sent to another process.
            DispatcherError: This is a forked child of the process that started the dispatcher; the reason is FORKED.
        """
        if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not (0 < ttl < math.inf):
            raise invalid_argument(
                "request.ttl", f"is {printable(repr(ttl))}; it must be a number of milliseconds above 0"
            )
        self._ensure_own_process()
        name = to_wire(topic, "request.topic")
        request = {"ttl": ttl / 1000, "options": call_options(self._codec, args, kwargs)}
        self.queue.put(
            QueueMsg(kind="request", topic=name, args=(), kwargs=request, uuid=None, reply_to=None)
        )

    def _ensure_own_process(self) -> None:
        if self._owner is not None:
            self._owner.ensure_current()

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
        """Waits until the earlier requests are scattered, so that a change affects only later ones."""
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
        except Exception as error:
            log_failure(_log, "the end of the sessions", error)
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
