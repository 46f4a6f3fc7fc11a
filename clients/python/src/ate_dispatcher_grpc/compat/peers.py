"""Producer and ResultListener: threads that each process the messages of their own queue in order."""

from __future__ import annotations

import logging
import threading
from queue import Queue
from typing import Any, Literal, Optional, Protocol

from typing_extensions import NotRequired, TypedDict

from ate_dispatcher_grpc._failures import log_event, log_failure
from ate_dispatcher_grpc.errors import DispatcherError

_log = logging.getLogger("ate_dispatcher_grpc.compat")


class ReplyTo(Protocol):
    """Receives the reply of a producer."""

    def put(self, item: Any, /) -> None:
        """Receives a QueueMsg of kind reply."""


class QueueMsg(TypedDict):
    """A message in the queue of a dispatcher, producer or listener."""

    kind: Literal["exit", "request", "reply", "barrier"]
    topic: Optional[str]  # noqa: UP045 - a TypedDict evaluates its annotations at run time
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    uuid: NotRequired[str | None]
    reply_to: NotRequired[ReplyTo | None]


EXIT = QueueMsg(kind="exit", topic=None, args=(), kwargs={}, uuid=None, reply_to=None)


class ResultListener(threading.Thread):
    """Receives results. Subclasses implement process_dispatcher_result. Call start and stop, as for any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._listener_queue: Queue[QueueMsg] = Queue()

    def run(self) -> None:
        """Processes results until `stop`. Logs an exception and continues with the next result."""
        while (msg := self._listener_queue.get())["kind"] != "exit":
            try:
                self.process_dispatcher_result(msg["topic"] or "", *msg["args"])
            # BaseException: a call of sys.exit must not leave the listener deaf; only `stop` ends it.
            except BaseException as error:
                log_failure(_log, f"{type(self).__qualname__}.process_dispatcher_result", error)

    def stop(self) -> None:
        """Ends the thread after the results sent so far."""
        self._listener_queue.put(EXIT)

    def send_result(self, topic: str, *response: Any) -> None:
        """Enqueues a result for this thread."""
        msg = QueueMsg(kind="reply", topic=topic, args=response, kwargs={}, uuid=None, reply_to=None)
        self._listener_queue.put(msg)

    def process_dispatcher_result(self, topic: str, response: Any) -> Any:
        """Processes one result. Subclasses implement this method.

        Raises:
            NotImplementedError: The subclass does not implement it.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} has not implemented the process_dispatcher_result method"
        )

    def process_dispatcher_error(self, topic: str, error: DispatcherError) -> Any:
        """Takes the failure of a producer, in a thread of the dispatcher; logs it unless overridden."""
        log_event(_log, logging.WARNING, f"a producer failed on {topic!r}: {error.details}")


class Producer(threading.Thread):
    """Answers requests; subclasses implement produce_dispatcher_output. Needs start and stop, like any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._producer_queue: Queue[QueueMsg] = Queue()

    def run(self) -> None:
        """Answers requests one at a time until `stop`. An exception becomes an error result."""
        while (msg := self._producer_queue.get())["kind"] != "exit":
            reply_to = msg.get("reply_to")
            # Skip requests that expired in the queue.
            if reply_to is None or getattr(reply_to, "is_revoked", False):
                continue
            topic = msg["topic"] or ""
            try:
                result = self.produce_dispatcher_output(topic, *msg["args"], **msg["kwargs"])
            # BaseException: a call of sys.exit must not leave this request and all later ones unanswered.
            except BaseException as error:
                log_failure(_log, f"{type(self).__qualname__}.produce_dispatcher_output", error)
                fail = getattr(reply_to, "fail", None)
                if fail is not None:
                    fail(error)
                continue
            uuid = msg.get("uuid")
            reply_to.put(
                QueueMsg(kind="reply", topic=topic, args=(result,), kwargs={}, uuid=uuid, reply_to=None)
            )

    def stop(self) -> None:
        """Ends the thread after the requests received so far."""
        self._producer_queue.put(EXIT)

    def submit_producer_message(
        self, topic: str, uuid: str, reply_to: ReplyTo, /, *args: Any, **kwargs: Any
    ) -> None:
        """Enqueues a request for this thread. The first three are positional-only, so `kwargs` may have any names."""
        msg = QueueMsg(kind="request", topic=topic, args=args, kwargs=kwargs, uuid=uuid, reply_to=reply_to)
        self._producer_queue.put(msg)

    def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        """Answers one request; the return value is the result. Subclasses implement this method.

        Raises:
            NotImplementedError: The subclass does not implement it.
        """
        raise NotImplementedError("A producer must implement `produce_dispatcher_output`")
