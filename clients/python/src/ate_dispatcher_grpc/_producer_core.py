"""The protocol of a producer, without threads, tasks or I/O. Messages are bytes in both directions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from grpc import StatusCode

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._enums import EnumNames
from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc._fields import check_size, checked, set_field
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import producer_pb2 as wire
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import GoAway, Heartbeat
from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES, OVERHEAD_BYTES, split
from ate_dispatcher_grpc._producer_options import ProducerOptions, ProducerTopic, check_concurrency
from ate_dispatcher_grpc._producer_port import ProducerPort
from ate_dispatcher_grpc._registrations import Registrations, encode_registration
from ate_dispatcher_grpc._status import error_of_status
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc.errors import DispatcherError, LimitError, RevokedError, invalid_argument
from ate_dispatcher_grpc.handler_result import encode_failure
from ate_dispatcher_grpc.status import Fault, GoingAway, Ready

_DISPOSITIONS = EnumNames(wire.DispositionState)
_REVOCATION_REASONS = EnumNames(wire.RevocationReason)

# After a revocation for one of these reasons the session has ended or is about to end, so results are dropped.
_DISCARDING_REASONS: Final = frozenset({"SHUTDOWN", "SESSION_LOST", "CLOSED"})

A = TypeVar("A", bound=BaseAssignment)


class ProducerCore(Generic[A]):
    """Tracks the registrations and outstanding assignments of a producer, and encodes its messages."""

    def __init__(
        self,
        options: ProducerOptions,
        make: Callable[[view.Assignment, float], A],
        port: ProducerPort[A],
    ) -> None:
        # Copied, since each reconnect sends them again and the program may have changed its own by then.
        self._labels = _copy_labels(options.labels)
        self._options = options
        self._make = make
        self._port = port
        self._registrations = Registrations(_registrations(options.topics))
        # Contains revoked assignments too while their handlers run, since these may still send results.
        self._outstanding: dict[str, A] = {}
        self.concurrency = options.concurrency
        # An id that the server assigned is kept, so that a new session replaces one on a dead connection even before
        # the server notices the loss.
        self._id = options.id
        self._max_message_bytes = 0
        self._granted_concurrency = 0
        # The registrations that did not fit into the Hello, and the ids of the Register messages that carry them.
        self._further: list[list[wire.Registration]] = []
        self._unconfirmed: set[str] = set()
        self._ready_status: tuple[Ready, float] | None = None
        self.accepts_changes = False
        """Whether changes can be sent: from the Welcome until the stream is lost or the server goes away."""

    @property
    def max_running(self) -> float:
        """The maximum number of handlers that run at the same time: the concurrency, else what the server grants."""
        return self.concurrency or self._granted_concurrency or math.inf

    def hello(self) -> bytes:
        """Returns the first message of a new stream.

        Raises:
            InvalidArgumentError: An option cannot be encoded, or is too long for any server.
        """
        self._ready_status = None
        self._unconfirmed.clear()
        options = self._options
        hello = wire.Hello()
        for name, value in {
            "producer_id": self._id,
            "display_name": options.display_name,
            "max_outstanding": self.concurrency,
            "max_backlog": options.max_backlog,
            "report_dispositions": options.report_dispositions,
        }.items():
            set_field(hello, name, value, "messages.hello")
        checked("messages.hello.labels", lambda: hello.labels.update(self._labels))
        check_size(hello, "messages.hello")
        budget = MAX_MESSAGE_BYTES - OVERHEAD_BYTES - hello.ByteSize()
        registrations = self._registrations.current()
        first, *self._further = split(registrations, wire.Registration.ByteSize, budget)
        hello.registrations.extend(first)
        return _batch(view.ProducerMessage(hello=hello.SerializeToString()))

    def receive(self, message: bytes) -> None:
        """Handles one ProduceResponse."""
        for event in view.DispatcherBatch.FromString(message).messages:
            self._handle(event)

    def register(self, topic: str, group: str) -> tuple[bytes, Future[None]]:
        """Returns the message that joins a topic, and a future that the server's answer settles."""
        message, done = self._registrations.register(topic, group)
        return _batch(message), done

    def deregister(self, topic: str) -> tuple[bytes, Future[None]]:
        """Returns the message that leaves a topic, and a future that the server's answer settles."""
        message, done = self._registrations.deregister(topic)
        return _batch(message), done

    def set_concurrency(self, concurrency: int) -> bytes:
        """Changes the number of assignments this producer may have outstanding; returns the message to send."""
        self.concurrency = check_concurrency(concurrency)
        update = wire.UpdateCredit(max_outstanding=concurrency)
        return _batch(view.ProducerMessage(update_credit=update.SerializeToString()))

    def drain(self) -> bytes:
        """Returns the message that starts the drain."""
        return _batch(view.ProducerMessage(drain=b""))

    def answer(self, assignment: A, result: bytes) -> None:
        """Sends the final result, unless the assignment was released or its session has ended."""
        if not self._is_outstanding(assignment):
            return
        try:
            self._reply(assignment.assignment_id, False, result)
        except LimitError as error:
            self.fail(assignment, encode_failure(error))
        self.release(assignment)

    def fail(self, assignment: A, failure: bytes) -> None:
        """Sends an error as the final result.

        Drops it after a revocation: then the error usually says only that the handler stopped.
        """
        if self._is_outstanding(assignment) and assignment.revocation is None:
            self._port.send(_reply(assignment.assignment_id, False, failure))
        self.release(assignment)

    def release(self, assignment: A) -> None:
        """Releases an assignment whose handler has ended or will not start."""
        if self._is_outstanding(assignment):
            del self._outstanding[assignment.assignment_id]

    def send_partial(self, assignment: A, result: bytes) -> None:
        """Sends a partial result, unless the assignment was released or its session has ended.

        Raises:
            LimitError: The result exceeds the server's message limit. The reason is RESULT_TOO_LARGE.
        """
        if self._is_outstanding(assignment):
            self._reply(assignment.assignment_id, True, result)

    def revoke_all(self, reason: RevokedError) -> None:
        """Revokes all assignments, because their stream is lost."""
        self.accepts_changes = False
        self._revoke(list(self._outstanding), reason)

    def session_ended(self, error: DispatcherError) -> None:
        """Fails the registrations that are still pending: no further stream follows."""
        self._registrations.fail_pending(error)

    def _handle(self, event: view.DispatcherMessage) -> None:
        kind = event.WhichOneof("message")
        if kind == "assignment":
            self._assign(event.assignment)
        elif kind == "revocation":
            revocation = wire.Revocation.FromString(event.revocation)
            self._revoke(revocation.assignment_ids, _revoked(revocation.reason))
        elif kind == "disposition":
            disposition = wire.Disposition.FromString(event.disposition)
            name = _DISPOSITIONS.of(disposition.state)
            self._port.report_disposition(disposition.assignment_id, name)
        elif kind == "heartbeat":
            self._port.set_heartbeat_interval(seconds_of(Heartbeat.FromString(event.heartbeat).interval))
        elif kind == "welcome":
            self._welcome(wire.Welcome.FromString(event.welcome))
        elif kind == "registered":
            self._registered(wire.Registered.FromString(event.registered).correlation_id)
        elif kind == "deregistered":
            self._registrations.confirm(wire.Deregistered.FromString(event.deregistered).correlation_id)
        elif kind == "fault":
            self._fault(wire.Fault.FromString(event.fault))
        elif kind == "go_away":
            self.accepts_changes = False
            self._port.report_status(GoingAway(seconds_of(GoAway.FromString(event.go_away).grace)))
        elif kind == "drained":
            self._port.drained()

    def _welcome(self, welcome: wire.Welcome) -> None:
        self._max_message_bytes = welcome.max_message_bytes
        self._granted_concurrency = welcome.max_outstanding
        self._id = welcome.producer_id
        for registrations in self._further:
            correlation_id = self._registrations.next_id()
            self._unconfirmed.add(correlation_id)
            register = wire.Register(registrations=registrations, correlation_id=correlation_id)
            self._port.send(_batch(view.ProducerMessage(register=register.SerializeToString())))
        for change in self._registrations.pending():
            self._port.send(_batch(change))
        self.accepts_changes = True
        status = Ready(welcome.producer_id, welcome.session_id, welcome.server_id)
        heartbeat_interval = seconds_of(welcome.heartbeat_interval)
        self._port.set_heartbeat_interval(heartbeat_interval)
        self._ready_status = (status, heartbeat_interval)
        self._report_ready()

    def _report_ready(self) -> None:
        if self._ready_status is not None and not self._unconfirmed:
            (status, heartbeat_interval), self._ready_status = self._ready_status, None
            self._port.session_live(status, heartbeat_interval)

    def _registered(self, correlation_id: str) -> None:
        if correlation_id in self._unconfirmed:
            self._unconfirmed.discard(correlation_id)
            self._report_ready()
        else:
            self._registrations.confirm(correlation_id)

    def _fault(self, fault: wire.Fault) -> None:
        if fault.correlation_id in self._unconfirmed:
            # These registrations belong to the Hello, whose rejection ends the session.
            self._port.hello_rejected(error_of_status(fault.status))
        elif not self._registrations.reject(fault):
            self._port.report_status(Fault(error_of_status(fault.status)))

    def _assign(self, message: view.Assignment) -> None:
        try:
            assignment = self._make(message, time.monotonic())
        except DispatcherError as error:
            self._port.send(_reply(message.assignment_id, False, encode_failure(error)))
            return
        self._outstanding[assignment.assignment_id] = assignment
        self._port.run_handler(assignment)

    def _revoke(self, assignment_ids: Iterable[str], reason: RevokedError) -> None:
        for assignment_id in assignment_ids:
            assignment = self._outstanding.get(assignment_id)
            if assignment is None:
                continue
            if reason.reason in _DISCARDING_REASONS:
                del self._outstanding[assignment_id]
            if assignment.revocation is None:
                assignment._revocation = reason
                self._port.assignment_revoked(assignment)

    def _is_outstanding(self, assignment: A) -> bool:
        return self._outstanding.get(assignment.assignment_id) is assignment

    def _reply(self, assignment_id: str, more: bool, result: bytes) -> None:
        message = _reply(assignment_id, more, result)
        if 0 < self._max_message_bytes < len(message):
            raise _too_large(len(message), self._max_message_bytes)
        self._port.send(message)


def _registrations(topics: Sequence[ProducerTopic]) -> Iterator[tuple[str, str]]:
    if isinstance(topics, str):
        text = f"is the string {printable(repr(topics))}; use a list of topics"
        raise invalid_argument("messages.hello.registrations", text)
    for index, each in enumerate(topics):
        pair = each if isinstance(each, (tuple, list)) and len(each) == 2 else (each, "")
        encode_registration(*pair, f"messages.hello.registrations[{index}]")
        yield pair


def _copy_labels(labels: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(labels, Mapping):
        raise invalid_argument(
            "messages.hello.labels", f"is a {type(labels).__name__}; it must be a mapping of str to str"
        )
    return dict(labels)


def _batch(*messages: view.ProducerMessage) -> bytes:
    return view.ProducerBatch(messages=messages).SerializeToString()


def _reply(assignment_id: str, more: bool, result: bytes) -> bytes:
    reply = view.Reply(assignment_id=assignment_id, more=more, result=result)
    return _batch(view.ProducerMessage(reply=reply))


def _revoked(value: int) -> RevokedError:
    reason = _REVOCATION_REASONS.of(value)
    code = StatusCode.DEADLINE_EXCEEDED if reason == "EXPIRED" else StatusCode.CANCELLED
    return RevokedError(code, f"the assignment was revoked: {reason}", reason=reason)


def _too_large(size: int, limit: int) -> LimitError:
    details = f"the reply is {size:,} bytes; the server accepts {limit:,}; send less data or a reference"
    return LimitError(StatusCode.RESOURCE_EXHAUSTED, details, reason="RESULT_TOO_LARGE")
