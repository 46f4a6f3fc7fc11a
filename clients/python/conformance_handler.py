"""The handler of the producers of the conformance adapter."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from grpc import StatusCode

from ate_dispatcher_grpc import DispatcherError, NotFoundError, Result
from ate_dispatcher_grpc.aio import Assignment
from conformance_views import Fields, assignment_view


class _WithoutTextError(Exception):
    def __str__(self) -> str:
        return None  # type: ignore[return-value]

    __repr__ = __str__


class _FailingTextError(Exception):
    def __str__(self) -> str:
        raise self

    __repr__ = __str__


UNPRINTABLE = {"no_text": _WithoutTextError, "text_fails": _FailingTextError}
"""Errors that have no text, or whose text cannot be read."""


def after_callback(fields: Fields) -> Callable[..., None]:
    """Returns the function that each callback of a peer ends with; it raises if the callbacks of the peer fail."""

    def after(*_: object) -> None:
        if fields.get("failing_callbacks"):
            raise _WithoutTextError

    return after


class ScriptedHandler:
    """The handler of one producer: follows the behaviours of the scenario, and reports assignments and revocations."""

    def __init__(self, fields: Fields, report: Callable[..., None]) -> None:
        self._name: str = fields["producer"]
        self._fields = fields
        self._report = report
        self._manual: dict[str, tuple[Assignment, asyncio.Future[Fields]]] = {}

    async def handle(self, assignment: Assignment) -> Any:
        """Answers an assignment."""
        name = self._name
        self._report(event="assignment", producer=name, **assignment_view(assignment))
        behaviours = self._fields.get("behaviours") or {}
        behaviour = behaviours.get(assignment.topic) or self._fields.get("behaviour") or {}
        work = asyncio.ensure_future(self._outcome(assignment, behaviour))
        try:
            try:
                outcome = await asyncio.shield(work)
            except asyncio.CancelledError:
                # An answer that was given before the revocation counts, whichever of the two the event loop runs first.
                if assignment.revocation is not None and not work.done():
                    reason = assignment.revocation.reason
                    self._report(
                        event="revoked", producer=name, request_id=assignment.request_id, reason=reason
                    )
                if not work.done() and not behaviour.get("stubborn"):
                    raise
                outcome = await work
            return self._result(assignment, outcome)
        finally:
            work.cancel()
            self._manual.pop(assignment.request_id, None)

    async def reply(self, fields: Fields) -> None:
        """Answers an assignment with the fields of a command."""
        request_id = fields.get("request_id") or ""
        if request_id not in self._manual:
            raise NotFoundError(StatusCode.NOT_FOUND, f"{request_id} is not outstanding")
        assignment, outcome = self._manual[request_id]
        if fields.get("more"):
            await assignment.send(self._result(assignment, fields))
        elif not outcome.done():
            del self._manual[request_id]
            outcome.set_result(fields)

    async def _outcome(self, assignment: Assignment, behaviour: Fields) -> Fields:
        if behaviour.get("mute") or behaviour.get("manual"):
            future: asyncio.Future[Fields] = asyncio.get_running_loop().create_future()
            self._manual[assignment.request_id] = (assignment, future)
            return await future
        await asyncio.sleep((behaviour.get("delay_ms") or 0) / 1000)
        for part in range(1, (behaviour.get("partials") or 0) + 1):
            await assignment.send({"part": part})
        return behaviour

    def _result(self, assignment: Assignment, outcome: Fields) -> Result:
        if outcome.get("error"):
            failure = outcome["error"]
            code, metadata = StatusCode[failure["code"]], failure.get("metadata")
            raise DispatcherError(code, failure["message"], metadata=metadata)
        if outcome.get("unprintable"):
            raise UNPRINTABLE[outcome["unprintable"]]
        if outcome.get("throw") is not None:
            raise RuntimeError(outcome["throw"])
        attributes = outcome.get("attributes") or {}
        if outcome.get("echo_data"):
            return Result(data=assignment.data, content_type=assignment.content_type, attributes=attributes)
        if outcome.get("data") is not None:
            data = base64.b64decode(outcome["data"])
            return Result(data=data, content_type=outcome.get("content_type") or "", attributes=attributes)
        value = outcome.get("value")
        if outcome.get("echo"):
            given = {"args": assignment.args, "kwargs": assignment.kwargs}
            value = {"id": self._name, "some_key": assignment.topic, **given}
        return Result(value=value, attributes=attributes)
