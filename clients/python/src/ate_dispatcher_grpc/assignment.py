"""A request as its handler sees it, with threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc.handler_result import HandlerResult, encode_result


class Assignment(BaseAssignment):
    """One producer's copy of a request."""

    def __init__(
        self, assignment: view.Assignment, now: float, send_partial: Callable[[Assignment, bytes], None]
    ) -> None:
        super().__init__(assignment, now)
        self._send_partial = send_partial
        self.cancelled = threading.Event()
        """Set when the assignment is revoked; `revocation` says why.

        In a handler, wait on this event instead of calling `time.sleep`. A revoked handler that raises, for example by
        `raise_if_revoked`, sends nothing.
        """
        self._handler_call: Callable[[], None] | None = None

    def send(self, result: HandlerResult) -> None:
        """Sends a partial result. The handler's return value follows as the final result.

        Raises:
            InvalidArgumentError: JSON cannot represent the value. The reason is UNSERIALIZABLE_VALUE, and the error
                names the path.
            LimitError: The result exceeds the server's message limit. The reason is RESULT_TOO_LARGE.
        """
        self._send_partial(self, encode_result(result))


Handler = Callable[[Assignment], HandlerResult]
"""Answers one assignment: returns a JSON value, bytes or a Result, or raises, which becomes an error result."""
