"""The sessions of an ATEDispatcher at the service: one for each producer and listener that has topics."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any
from uuid import uuid4

from grpc import StatusCode

from ate_dispatcher_grpc._failures import log_event, named_text_of, printable
from ate_dispatcher_grpc.assignment import Assignment
from ate_dispatcher_grpc.client import Client
from ate_dispatcher_grpc.compat.codec import Codec
from ate_dispatcher_grpc.compat.payload import decode_arguments, decode_result_value, encode_result_value
from ate_dispatcher_grpc.compat.peers import Producer, ResultListener
from ate_dispatcher_grpc.compat.security import Security
from ate_dispatcher_grpc.compat.topics import from_wire
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import (
    DispatcherError,
    InvalidArgumentError,
    UnauthenticatedError,
    UnavailableError,
)
from ate_dispatcher_grpc.handler_result import Result
from ate_dispatcher_grpc.listener import Listener
from ate_dispatcher_grpc.options import RequestOptions
from ate_dispatcher_grpc.producer import Producer as ConnectedProducer
from ate_dispatcher_grpc.status import Closed, SessionStatus

_log = logging.getLogger("ate_dispatcher_grpc.compat")

# How long a change waits for the dispatcher's confirmation, in seconds. A change that times out stays pending until the
# client has reconnected.
_CONFIRMATION_TIMEOUT = 10.0

# The same during close. Once one change has timed out, the others do not wait.
_CLOSE_TIMEOUT = 2.0

# How long close waits for the producers that are working on a request, in seconds.
_DRAIN_TIMEOUT = 10.0

# The original queues any number of requests for a producer. A dispatcher accepts at most this many by default.
_MAX_BACKLOG = 65_536


class _Reply:
    """Passes the reply of a compat producer to the handler that waits for it."""

    def __init__(self, assignment: Assignment) -> None:
        # The reply sets this event as well, so that the handler wakes up on a reply or on a revocation.
        self._settled = assignment.cancelled
        self._assignment = assignment
        self._value: Any = None
        self._error: BaseException | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether the assignment was revoked."""
        return self._assignment.revocation is not None

    def put(self, msg: Any, /) -> None:
        """Receives the reply."""
        self._value = msg["args"][0]
        self._settled.set()

    def fail(self, error: BaseException) -> None:
        """Receives an exception instead of a reply."""
        self._error = error
        self._settled.set()

    def wait(self) -> Any:
        """Waits for the reply and returns its value.

        Raises:
            RevokedError: The assignment was revoked first.
            Exception: The producer raised this exception.
        """
        self._settled.wait()
        self._assignment.raise_if_revoked()
        if self._error is not None:
            raise self._error
        return self._value


def _log_end(status: SessionStatus) -> None:
    """Logs that the dispatcher has ended a session for good: the program does not hear of it otherwise."""
    # An argument that the dispatcher does not accept is raised where the program passes it.
    if isinstance(status, Closed) and not isinstance(status.error, (type(None), InvalidArgumentError)):
        log_event(_log, logging.ERROR, f"a session has ended for good: {status.error}")


class Sessions:
    """The sessions of all producers and listeners of one ATEDispatcher."""

    def __init__(self, address: str, codec: Codec, options: Security) -> None:
        """Connects.

        Raises:
            UnavailableError: No dispatcher answers at the address.
        """
        self._client = Client(address, **options)
        self._is_token_renewed = callable(options["token"])
        self._codec = codec
        self._lock = threading.Lock()
        self._producers: dict[Producer, tuple[ConnectedProducer, set[str]]] = {}
        self._listeners: dict[ResultListener, tuple[Listener, set[str]]] = {}
        self._is_closed = threading.Event()
        self._timeout = _CONFIRMATION_TIMEOUT
        # The producers that finish the request they are working on.
        self._drains: list[threading.Thread] = []
        try:
            self._client.wait_for_ready(_CONFIRMATION_TIMEOUT)
        except UnavailableError:
            self._client.close(0)
            raise

    def dispatch(self, topic: str, ttl: float, options: RequestOptions) -> None:
        """Scatters a request, and retries within its TTL while there is no connection; logs rejections."""
        deadline = time.monotonic() + ttl
        # With an id, a retry does not scatter the request again.
        request: RequestOptions = {**options, "ttl": ttl, "request_id": uuid4().hex}
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                text = f"a request on {from_wire(topic)!r} expired before the client could connect"
                log_event(_log, logging.ERROR, text)
                return
            try:
                self._client.dispatch(topic, **request)
                return
            except DispatcherError as error:
                if self._is_temporary(error):
                    if self._is_closed.wait(min(0.1, left)):
                        return
                    continue
                text = f"the dispatcher rejected a request on {from_wire(topic)!r}: {error}"
                log_event(_log, logging.ERROR, text)
                return

    def _is_temporary(self, error: DispatcherError) -> bool:
        """Returns whether a request may succeed within its TTL: with a connection, or with another token."""
        if isinstance(error, UnauthenticatedError):
            return self._is_token_renewed
        return isinstance(error, UnavailableError)

    def add_producer(self, producer: Producer, topic: str) -> None:
        """Registers a producer on a topic; returns once the dispatcher has confirmed."""
        with self._lock:
            if producer not in self._producers:
                self._producers[producer] = (self._connect(producer), set())
            session, topics = self._producers[producer]
            topics.add(topic)
        self._await_confirmation(lambda: session.register(topic, timeout=self._timeout))

    def remove_producer(self, producer: Producer, topic: str) -> None:
        """Removes a producer from a topic; it may still answer earlier requests."""
        with self._lock:
            if producer not in self._producers:
                return
            session, topics = self._producers[producer]
            topics.discard(topic)
            if not topics:
                del self._producers[producer]
        self._await_confirmation(lambda: session.deregister(topic, timeout=self._timeout))
        if not topics:
            drain = threading.Thread(target=session.close, name="ate-dispatcher-drain", daemon=True)
            drain.start()
            if producer.is_alive():
                self._drains = [each for each in self._drains if each.is_alive()] + [drain]

    def add_listener(self, listener: ResultListener, topic: str) -> None:
        """Registers a listener on a topic; returns once the dispatcher has confirmed."""
        with self._lock:
            if listener not in self._listeners:
                session = self._client.listener(
                    [], lambda result: self._deliver(listener, result), on_status=_log_end
                )
                self._listeners[listener] = (session, set())
            session, topics = self._listeners[listener]
            topics.add(topic)
        self._await_confirmation(lambda: session.add(topic, timeout=self._timeout))

    def remove_listener(self, listener: ResultListener, topic: str) -> None:
        """Removes a listener from a topic; it has received all earlier results when this returns."""
        with self._lock:
            if listener not in self._listeners:
                return
            session, topics = self._listeners[listener]
            topics.discard(topic)
            if not topics:
                del self._listeners[listener]
        self._await_confirmation(lambda: session.remove(topic, timeout=self._timeout))
        if not topics:
            # No further results arrive; the buffered ones are still delivered.
            session.close(_CONFIRMATION_TIMEOUT)

    def stop_retrying(self) -> None:
        """Ends retries to reach the dispatcher."""
        self._is_closed.set()

    def close(self) -> None:
        """Delivers the results that have arrived, then ends all sessions."""
        self.stop_retrying()
        self._timeout = _CLOSE_TIMEOUT
        # Each confirmation arrives behind all earlier messages of its stream, so waiting for it flushes the stream.
        for producer, (_, topics) in list(self._producers.items()):
            for topic in list(topics):
                self.remove_producer(producer, topic)
        # The answer of a producer that calls `stop` itself must still reach the listeners.
        deadline = time.monotonic() + _DRAIN_TIMEOUT
        for drain in self._drains:
            drain.join(max(0.0, deadline - time.monotonic()))
        for listener, (_, topics) in list(self._listeners.items()):
            for topic in list(topics):
                self.remove_listener(listener, topic)
        self._client.close(0)

    def _connect(self, producer: Producer) -> ConnectedProducer:
        session = self._open(producer, _MAX_BACKLOG)
        try:
            return session.ready(_CONFIRMATION_TIMEOUT)
        except InvalidArgumentError:
            # This dispatcher does not accept so long a backlog; use its default.
            session.close(0)
            return self._open(producer, 0)
        except TimeoutError:
            return session

    def _open(self, producer: Producer, backlog: int) -> ConnectedProducer:
        def handle(assignment: Assignment) -> Result:
            args, kwargs = decode_arguments(self._codec, assignment)
            reply = _Reply(assignment)
            topic = from_wire(assignment.topic)
            producer.submit_producer_message(topic, assignment.request_id, reply, *args, **kwargs)
            return encode_result_value(self._codec, reply.wait())

        return self._client.producer([], handle, concurrency=1, max_backlog=backlog, on_status=_log_end)

    def _await_confirmation(self, change: Any) -> None:
        try:
            change()
        except (TimeoutError, UnavailableError):
            text = "the dispatcher does not answer; the change is sent again after the reconnect"
            log_event(_log, logging.WARNING, text)
            if self._is_closed.is_set():
                self._timeout = 0.0
        except DispatcherError:
            # At the end there is nothing left to change on a session that has ended for good.
            if not self._is_closed.is_set():
                raise

    def _deliver(self, listener: ResultListener, result: ResultDelivery) -> None:
        topic = from_wire(result.topic)
        try:
            value = decode_result_value(self._codec, result)
        except DispatcherError as error:
            listener.process_dispatcher_error(topic, error)
            return
        # A registered type decodes with code of the program, which may raise anything.
        except Exception as error:
            details = printable(
                f"the result of {result.producer_id} cannot be decoded: {named_text_of(error)}"
            )
            undecodable = DispatcherError(StatusCode.INTERNAL, details, reason="UNDECODABLE_RESULT")
            listener.process_dispatcher_error(topic, undecodable)
            return
        listener.send_result(topic, value)
