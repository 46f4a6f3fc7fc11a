"""Producer and ResultListener: threads that take one message after the other from a queue of their own."""

from __future__ import annotations

import logging
import threading
from queue import Queue
from typing import Any, Literal, Optional, Protocol

from typing_extensions import NotRequired, TypedDict

from ate_dispatcher_grpc.errors import DispatcherError

_log = logging.getLogger("ate_dispatcher_grpc.compat")


class ReplyTo(Protocol):
    """Where a producer puts its reply."""

    def put(self, item: Any, /) -> None:
        """Takes a QueueMsg of kind reply."""


class QueueMsg(TypedDict):
    """What waits in the queue of a dispatcher, producer or listener."""

    kind: Literal["exit", "request", "reply", "barrier"]
    topic: Optional[str]  # noqa: UP045 - read at run time, also by Python 3.9
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    uuid: NotRequired[str | None]
    reply_to: NotRequired[ReplyTo | None]


EXIT = QueueMsg(kind="exit", topic=None, args=(), kwargs={}, uuid=None, reply_to=None)


class ResultListener(threading.Thread):
    """Receives results; subclasses implement process_dispatcher_result. Needs start and stop, like any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._listener_queue: Queue[QueueMsg] = Queue()

    def run(self) -> None:
        """Processes results until stopped; one that raises is logged, and the next follows."""
        while (msg := self._listener_queue.get())["kind"] != "exit":
            try:
                self.process_dispatcher_result(msg["topic"] or "", *msg["args"])
            except Exception:
                _log.exception("%s.process_dispatcher_result raised", type(self).__qualname__)

    def stop(self) -> None:
        """Ends the thread after what it was sent so far."""
        self._listener_queue.put(EXIT)

    def send_result(self, topic: str, *response: Any) -> None:
        """Has a result processed in this thread."""
        msg = QueueMsg(kind="reply", topic=topic, args=response, kwargs={}, uuid=None, reply_to=None)
        self._listener_queue.put(msg)

    def process_dispatcher_result(self, topic: str, response: Any) -> Any:
        """Takes one result on a topic; to be implemented.

        Raises:
            NotImplementedError: it was not implemented.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} has not implemented the process_dispatcher_result method"
        )

    def process_dispatcher_error(self, topic: str, error: DispatcherError) -> Any:
        """Takes the failure of a producer, in a thread of the dispatcher; logs it unless overridden."""
        _log.warning("a producer failed on %r: %s", topic, error.details)


class Producer(threading.Thread):
    """Answers requests; subclasses implement produce_dispatcher_output. Needs start and stop, like any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._producer_queue: Queue[QueueMsg] = Queue()

    def run(self) -> None:
        """Answers requests until stopped, one at a time; one that raises becomes an error, and the next follows."""
        while (msg := self._producer_queue.get())["kind"] != "exit":
            reply_to = msg.get("reply_to")
            # What has expired while it waited is wanted no longer.
            if reply_to is None or getattr(reply_to, "is_revoked", False):
                continue
            topic = msg["topic"] or ""
            try:
                result = self.produce_dispatcher_output(topic, *msg["args"], **msg["kwargs"])
            except Exception as error:
                _log.exception("%s.produce_dispatcher_output raised", type(self).__qualname__)
                fail = getattr(reply_to, "fail", None)
                if fail is not None:
                    fail(error)
                continue
            uuid = msg.get("uuid")
            reply_to.put(
                QueueMsg(kind="reply", topic=topic, args=(result,), kwargs={}, uuid=uuid, reply_to=None)
            )

    def stop(self) -> None:
        """Ends the thread after the requests it has so far."""
        self._producer_queue.put(EXIT)

    def submit_producer_message(
        self, topic: str, uuid: str, reply_to: ReplyTo, /, *args: Any, **kwargs: Any
    ) -> None:
        """Has a request answered in this thread. What comes before `args` has no names, so that kwargs may have any."""
        msg = QueueMsg(kind="request", topic=topic, args=args, kwargs=kwargs, uuid=uuid, reply_to=reply_to)
        self._producer_queue.put(msg)

    def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        """Answers one request on a topic; to be implemented.

        Raises:
            NotImplementedError: it was not implemented.
        """
        raise NotImplementedError("A producer must implement `produce_dispatcher_output`")
