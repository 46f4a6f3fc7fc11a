"""The handler of the producers of the conformance adapter for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from grpc import StatusCode

from ate_dispatcher_grpc import NotFoundError
from ate_dispatcher_grpc.aio import Assignment
from conformance_outcomes import result_of
from conformance_views import Fields, assignment_view


class ScriptedHandler:
    """The handler of one producer: follows the behaviours of the scenario, and reports assignments and revocations."""

    def __init__(self, fields: Fields, report: Callable[..., None]) -> None:
        self._name: str = fields["producer"]
        self._fields = fields
        self._report = report
        self._manual: dict[str, tuple[Assignment, asyncio.Future[Fields]]] = {}
        self.close: Callable[[], Any]
        """Closes the producer; set once it exists."""

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
            if behaviour.get("closes"):
                await self.close()
            return result_of(self._name, assignment, outcome)
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
            await assignment.send(result_of(self._name, assignment, fields))
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
