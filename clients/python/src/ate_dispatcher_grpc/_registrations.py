"""The topics that a producer is registered on, across reconnects.

The next Hello contains the registrations that the server has confirmed. Unanswered changes are sent again after the
next Welcome, not in the Hello: a rejected Register is only a Fault, but a rejected Hello ends the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from ate_dispatcher_grpc._fields import check_size, set_field
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.producer_pb2 import Deregister, Fault, Register, Registration
from ate_dispatcher_grpc._status import error_of_status
from ate_dispatcher_grpc._topics import check_pattern
from ate_dispatcher_grpc.errors import DispatcherError


@dataclass
class _Change:
    message: view.ProducerMessage
    apply: Callable[[], object]
    done: Future[None]


class Registrations:
    """The group of each topic, and the changes that await an answer."""

    def __init__(self, initial: Iterable[tuple[str, str]]) -> None:
        self._groups = dict(initial)
        self._changes: dict[str, _Change] = {}
        self._last_id = 0

    def current(self) -> list[Registration]:
        """Returns the registrations for the next Hello."""
        return [Registration(topic=topic, group=group) for topic, group in self._groups.items()]

    def pending(self) -> list[view.ProducerMessage]:
        """Returns the messages that the server has not answered yet, in order."""
        return [change.message for change in self._changes.values()]

    def register(self, topic: str, group: str) -> tuple[view.ProducerMessage, Future[None]]:
        """Returns the message that joins a topic, and a future that the server's answer settles.

        Raises:
            InvalidArgumentError: The topic is malformed, or the group cannot be encoded or is too long for any server.
        """
        path = "messages.register.registrations[0]"
        check_pattern(topic, f"{path}.topic")
        registration = encode_registration(topic, group, path)
        correlation_id = self.next_id()
        register = Register(registrations=[registration], correlation_id=correlation_id)
        message = view.ProducerMessage(register=register.SerializeToString())
        return self._add(correlation_id, message, lambda: self._groups.update({topic: group}))

    def deregister(self, topic: str) -> tuple[view.ProducerMessage, Future[None]]:
        """Returns the message that leaves a topic, and a future that the server's answer settles.

        The next Hello does not contain the topic any more.

        Raises:
            InvalidArgumentError: The topic is malformed.
        """
        check_pattern(topic, "messages.deregister.topics[0]")
        correlation_id = self.next_id()
        self._groups.pop(topic, None)
        deregister = Deregister(topics=[topic], correlation_id=correlation_id)
        message = view.ProducerMessage(deregister=deregister.SerializeToString())
        return self._add(correlation_id, message, lambda: self._groups.pop(topic, None))

    def confirm(self, correlation_id: str) -> None:
        """Applies a confirmed change. Ignores unknown ids, which belong to an earlier session."""
        change = self._changes.pop(correlation_id, None)
        if change is not None:
            change.apply()
            _settle(change.done, None)

    def reject(self, fault: Fault) -> bool:
        """Fails a rejected change; returns False if the fault concerns no change."""
        change = self._changes.pop(fault.correlation_id, None)
        if change is None:
            return False
        _settle(change.done, error_of_status(fault.status))
        return True

    def fail_pending(self, error: DispatcherError) -> None:
        """Fails all pending changes: no further answer will arrive."""
        changes, self._changes = self._changes, {}
        for change in changes.values():
            _settle(change.done, error)

    def next_id(self) -> str:
        """Returns a correlation id that no earlier message has."""
        self._last_id += 1
        return str(self._last_id)

    def _add(
        self, correlation_id: str, message: view.ProducerMessage, apply: Callable[[], object]
    ) -> tuple[view.ProducerMessage, Future[None]]:
        change = _Change(message, apply, Future())
        self._changes[correlation_id] = change
        return message, change.done


def encode_registration(topic: str, group: str, path: str) -> Registration:
    """Returns a registration.

    Raises:
        InvalidArgumentError: A value cannot be encoded, or is too long for any server. `path` is the path of the
            registration.
    """
    registration = Registration()
    set_field(registration, "topic", topic, path)
    set_field(registration, "group", group, path)
    check_size(registration, path)
    return registration


def _settle(done: Future[None], error: DispatcherError | None) -> None:
    # A waiter that timed out may have cancelled the future.
    if not done.set_running_or_notify_cancel():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
