"""A request as its handler sees it, with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Union

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc.handler_result import HandlerResult, encode_result


class Assignment(BaseAssignment):
    """One producer's copy of a request.

    When the assignment is revoked, the handler's task is cancelled, and `revocation` says why. A handler that lets
    CancelledError pass sends nothing. A handler that catches CancelledError may still answer.
    """

    def __init__(
        self,
        assignment: view.Assignment,
        now: float,
        send_partial: Callable[[Assignment, bytes], Awaitable[None]],
    ) -> None:
        super().__init__(assignment, now)
        self._send_partial = send_partial
        self.task: asyncio.Task[None] | None = None

    async def send(self, result: HandlerResult) -> None:
        """Sends a partial result. The handler's return value follows as the final result.

        Returns once gRPC has accepted the message for writing.

        Raises:
            InvalidArgumentError: JSON cannot represent the value. The reason is UNSERIALIZABLE_VALUE, and the error
                names the path.
            LimitError: The result exceeds the server's message limit. The reason is RESULT_TOO_LARGE.
        """
        await self._send_partial(self, encode_result(result))


Handler = Callable[[Assignment], Union[HandlerResult, Awaitable[HandlerResult]]]
"""Answers one assignment: returns a JSON value, bytes or a Result, or raises, which becomes an error result.

A plain function runs in the event loop and must not block.
"""
