"""How the handlers and callbacks of the conformance adapters end."""

from __future__ import annotations

import base64
from collections.abc import Callable

from grpc import StatusCode

from ate_dispatcher_grpc import DispatcherError, Result
from conformance_views import AnyAssignment, Fields


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


def result_of(name: str, assignment: AnyAssignment, outcome: Fields) -> Result:
    """Returns the result of a handler with this outcome, or raises its error."""
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
        value = {"id": name, "some_key": assignment.topic, **given}
    return Result(value=value, attributes=attributes)
