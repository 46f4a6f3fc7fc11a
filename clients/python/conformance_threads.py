"""Drives the Python client for threads by the adapter protocol of test/conformance. Argument: HOST:PORT."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from grpc import StatusCode

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    DispatcherError,
    Gather,
    Listener,
    NotFoundError,
    Producer,
    Reconnect,
    ResultDelivery,
    __version__,
)
from conformance_options import listener_options, producer_options, secure_options
from conformance_outcomes import result_of
from conformance_views import (
    Fields,
    acceptance_view,
    assignment_view,
    delivery_view,
    error_view,
    request_options,
    summary_view,
)

T = TypeVar("T")

# How soon a handler sees its revocation, in seconds.
POLL = 0.005
# How long a command may delay the beginning of the next one, in seconds, so that commands begin in their order.
HEAD_START = 0.002

_writing = threading.Lock()


def write_line(line: Fields) -> None:
    """Writes one line to standard output."""
    text = json.dumps(line, separators=(",", ":")) + "\n"
    with _writing:
        sys.stdout.write(text)
        sys.stdout.flush()


class ScriptedHandler:
    """The handler of one producer: follows the behaviours of the scenario, and reports assignments and revocations."""

    def __init__(self, fields: Fields, report: Callable[..., None]) -> None:
        self._name: str = fields["producer"]
        self._fields = fields
        self._report = report
        self._manual: dict[str, tuple[Assignment, queue.SimpleQueue[Fields]]] = {}
        self.close: Callable[[], None]
        """Closes the producer; set once it exists."""

    def handle(self, assignment: Assignment) -> Any:
        """Answers an assignment."""
        behaviours = self._fields.get("behaviours") or {}
        behaviour = behaviours.get(assignment.topic) or self._fields.get("behaviour") or {}
        replies: queue.SimpleQueue[Fields] = queue.SimpleQueue()
        closes = bool(behaviour.get("closes"))
        is_manual = bool(behaviour.get("mute") or behaviour.get("manual"))
        if is_manual:
            self._manual[assignment.request_id] = (assignment, replies)
        self._report(event="assignment", producer=self._name, **assignment_view(assignment))
        try:
            if is_manual:
                behaviour = self._wait(assignment, replies, None, bool(behaviour.get("stubborn"))) or {}
            elif behaviour.get("delay_ms"):
                delay = behaviour["delay_ms"] / 1000
                self._wait(assignment, replies, delay, bool(behaviour.get("stubborn")))
            for part in range(1, (behaviour.get("partials") or 0) + 1):
                assignment.send({"part": part})
            if closes:
                self.close()
            return result_of(self._name, assignment, behaviour)
        finally:
            self._manual.pop(assignment.request_id, None)

    def reply(self, fields: Fields) -> None:
        """Answers an assignment with the fields of a command."""
        request_id = fields.get("request_id") or ""
        if request_id not in self._manual:
            raise NotFoundError(StatusCode.NOT_FOUND, f"{request_id} is not outstanding")
        assignment, replies = self._manual[request_id]
        if fields.get("more"):
            assignment.send(result_of(self._name, assignment, fields))
        else:
            del self._manual[request_id]
            replies.put(fields)

    def _wait(
        self,
        assignment: Assignment,
        replies: queue.SimpleQueue[Fields],
        delay: float | None,
        is_stubborn: bool,
    ) -> Fields | None:
        """Waits for a reply, or for a time; None after that. Raises the revocation, unless the handler is stubborn."""
        is_reported = False
        left = delay
        while left is None or left > 0:
            try:
                return replies.get(timeout=POLL if left is None else min(POLL, left))
            except queue.Empty:
                left = None if left is None else left - POLL
            if assignment.revocation is not None and not is_reported:
                is_reported = True
                fields = {"request_id": assignment.request_id, "reason": assignment.revocation.reason}
                self._report(event="revoked", producer=self._name, **fields)
                if not is_stubborn:
                    raise assignment.revocation
        return None


class ClientState:
    """The client and everything it opened since the last reset."""

    def __init__(self, address: str) -> None:
        self.client = Client(
            address, reconnect=Reconnect(initial_delay=0.02, max_delay=0.1), **secure_options()
        )
        self.producers: dict[str, tuple[Producer, ScriptedHandler]] = {}
        self.listeners: dict[str, Listener] = {}
        self.gathers: dict[str, Gather] = {}
        self._is_over = False

    def report(self, **event: Any) -> None:
        """Writes an event, unless a reset has closed it."""
        if not self._is_over:
            write_line(event)

    def close(self) -> None:
        """Closes everything without a grace period."""
        self._is_over = True
        for gather in list(self.gathers.values()):
            gather.close()
        self.client.close(0)

    def open_producer(self, fields: Fields) -> Fields:
        """Connects a producer."""
        name = fields["producer"]
        handler = ScriptedHandler(fields, self.report)
        topics, options = producer_options(fields, self.report)
        producer = self.client.producer(topics, handler.handle, **options)
        handler.close = lambda: producer.close(10.0)
        producer.ready()
        self.producers[name] = (producer, handler)
        self._watch(producer, producer=name)
        return {"producer_id": producer.id}

    def open_listener(self, fields: Fields) -> Fields:
        """Connects a listener."""
        name = fields["listener"]
        options = listener_options(fields, self.report)
        if fields.get("closes"):
            on_result = options["on_result"]

            def close_after(result: ResultDelivery) -> None:
                on_result(result)
                listener.close()

            options["on_result"] = close_after
        listener = self.client.listener(fields.get("topics") or [], **options)
        listener.ready()
        self.listeners[name] = listener
        self._watch(listener, listener=name)
        return {"listener_id": listener.id}

    def gather(self, fields: Fields) -> tuple[Fields, Callable[[], None]]:
        """Starts a gather. The second value follows it until its end."""
        name = fields["gather"]
        exclude = bool(fields.get("exclude_listeners"))
        gather = self.client.gather(fields["topic"], **request_options(fields), exclude_listeners=exclude)
        acceptance = gather.acceptance
        self.gathers[name] = gather
        return {"acceptance": acceptance_view(acceptance)}, lambda: self._follow(name, gather)

    def _follow(self, name: str, gather: Gather) -> None:
        try:
            for result in gather:
                self.report(event="gather.result", gather=name, **delivery_view(result))
            self.report(event="gather.summary", gather=name, **summary_view(gather.summary))
        except DispatcherError as error:
            self.report(event="gather.failed", gather=name, error=error_view(error))

    def _watch(self, peer: Producer | Listener, **names: str) -> None:
        def wait() -> None:
            try:
                peer.wait()
            except DispatcherError as error:
                self.report(event="closed", **names, error=error_view(error))

        threading.Thread(target=wait, daemon=True).start()


class Adapter:
    """Reads commands and writes their responses."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._state = ClientState(address)

    def run(self) -> None:
        """Runs until `quit` or the end of the input."""
        for line in sys.stdin:
            command = json.loads(line)
            if command["op"] == "quit":
                write_line({"id": command["id"], "ok": True})
                break
            if command["op"] == "reset":
                self._answer(command)
                continue
            worker = threading.Thread(target=self._answer, args=(command,), daemon=True)
            worker.start()
            worker.join(HEAD_START)
        self._state.close()

    def _answer(self, command: Fields) -> None:
        follow: Callable[[], None] = _nothing
        try:
            answer = self._perform(command)
            if isinstance(answer, tuple):
                answer, follow = answer
            write_line({"id": command["id"], "ok": True, **(answer or {})})
        except DispatcherError as error:
            write_line({"id": command["id"], "ok": False, "error": error_view(error)})
        except Exception as error:
            refusal = {"code": "UNKNOWN", "reason": "UNKNOWN", "message": f"{type(error).__name__}: {error}"}
            write_line({"id": command["id"], "ok": False, "error": refusal})
        follow()

    def _perform(self, command: Fields) -> Any:
        op: str = command["op"]
        perform = getattr(self, "_" + op.replace(".", "_"), None)
        if perform is None or op in ("run", "answer", "perform"):
            raise DispatcherError(StatusCode.UNIMPLEMENTED, f"unknown op: {op}")
        return perform(command)

    def _hello(self, _: Fields) -> Fields:
        return {"language": "python", "version": __version__, "features": ["dispositions", "credit"]}

    def _reset(self, _: Fields) -> None:
        state, self._state = self._state, ClientState(self._address)
        state.close()

    def _client_close(self, _: Fields) -> None:
        self._state.client.close(0)

    def _producer_open(self, command: Fields) -> Fields:
        return self._state.open_producer(command)

    def _producer_reply(self, command: Fields) -> None:
        self._producer(command)[1].reply(command)

    def _producer_register(self, command: Fields) -> None:
        producer, _ = self._producer(command)
        topics = command.get("topics") or [command["topic"]]
        group = command.get("group") or ""
        with ThreadPoolExecutor(min(len(topics), 64)) as pool:
            list(pool.map(lambda topic: producer.register(topic, group=group), topics))

    def _producer_deregister(self, command: Fields) -> None:
        self._producer(command)[0].deregister(command["topic"])

    def _producer_credit(self, command: Fields) -> None:
        self._producer(command)[0].set_concurrency(command["concurrency"])

    def _producer_drain(self, command: Fields) -> None:
        self._producer(command)[0].close(command.get("grace_ms", 10_000) / 1000)

    def _listener_open(self, command: Fields) -> Fields:
        return self._state.open_listener(command)

    def _listener_update(self, command: Fields) -> None:
        listener = _find(self._state.listeners, command.get("listener"))
        listener.add(*(command.get("add") or ()))
        listener.remove(*(command.get("remove") or ()))

    def _listener_close(self, command: Fields) -> None:
        _find(self._state.listeners, command.get("listener")).close()

    def _update_listener(self, command: Fields) -> Fields:
        add, remove = command.get("add") or (), command.get("remove") or ()
        listener_id = command.get("listener_id") or ""
        return {"topics": self._state.client.update_listener(listener_id, add=add, remove=remove)}

    def _dispatch(self, command: Fields) -> Fields:
        acceptance = self._state.client.dispatch(command["topic"], **request_options(command))
        return {"acceptance": acceptance_view(acceptance)}

    def _validate(self, command: Fields) -> Fields:
        acceptance = self._state.client.validate(command["topic"], **request_options(command))
        return {"acceptance": acceptance_view(acceptance)}

    def _gather(self, command: Fields) -> tuple[Fields, Callable[[], None]]:
        return self._state.gather(command)

    def _gather_cancel(self, command: Fields) -> None:
        _find(self._state.gathers, command.get("gather")).cancel()

    def _cancel(self, command: Fields) -> Fields:
        return {"summary": summary_view(self._state.client.cancel_request(command.get("request_id") or ""))}

    def _producer(self, command: Fields) -> tuple[Producer, ScriptedHandler]:
        return _find(self._state.producers, command.get("producer"))


def _nothing() -> None:
    pass


def _find(open_ones: dict[str, T], name: str | None) -> T:
    if name is None or name not in open_ones:
        raise NotFoundError(StatusCode.NOT_FOUND, f"nothing named {name} is open")
    return open_ones[name]


if __name__ == "__main__":
    Adapter(sys.argv[1]).run()
