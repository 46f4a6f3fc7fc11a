"""Converts values of the Python client to and from the JSON of the adapter protocol of test/conformance."""

from __future__ import annotations

import base64
from typing import Any, Union

from ate_dispatcher_grpc import Acceptance, Assignment, DispatcherError, ResultDelivery, Summary, aio

Fields = dict[str, Any]
AnyAssignment = Union[Assignment, aio.Assignment]


def request_options(fields: Fields) -> Any:
    """Converts the fields of a request to options of the client; absent fields stay unset."""
    same = [
        "args",
        "kwargs",
        "content_type",
        "attributes",
        "request_id",
        "context",
        "no_producers_action",
        "selector",
    ]
    options = {name: fields[name] for name in same if fields.get(name) is not None}
    if fields.get("data") is not None:
        options["data"] = base64.b64decode(fields["data"])
    if fields.get("ttl_ms") is not None:
        options["ttl"] = fields["ttl_ms"] / 1000
    if fields.get("completion") is not None:
        completion = {key: value for key, value in fields["completion"].items() if value is not None}
        if "stall_timeout_ms" in completion:
            completion["stall_timeout"] = completion.pop("stall_timeout_ms") / 1000
        options["completion"] = completion
    if "selector" in options:
        options["selector"] = {key: value for key, value in options["selector"].items() if value is not None}
    return options


def error_view(error: DispatcherError) -> Fields:
    """Converts an error."""
    fields = [violation.field for violation in error.field_violations]
    return {"code": error.code.name, "reason": error.reason, "message": error.details, "fields": fields}


def acceptance_view(acceptance: Acceptance) -> Fields:
    """Converts an acceptance."""
    return {
        "request_id": acceptance.request_id,
        "targets": [{"producer_id": each.producer_id, "group": each.group} for each in acceptance.targets],
        "listener_count": acceptance.listener_count,
        "ttl_ms": acceptance.ttl * 1000,
    }


def assignment_view(assignment: AnyAssignment) -> Fields:
    """Converts an assignment."""
    same = ["request_id", "topic", "attempt", "args", "kwargs", "content_type", "attributes", "context"]
    return {
        **{name: getattr(assignment, name) for name in same},
        "data": base64.b64encode(assignment.data).decode(),
        "remaining_ms": assignment.remaining() * 1000,
    }


def delivery_view(result: ResultDelivery) -> Fields:
    """Converts a delivery."""
    same = [
        "request_id",
        "topic",
        "producer_id",
        "group",
        "ordinal",
        "sequence",
        "more",
        "late",
        "content_type",
        "kind",
    ]
    view = {name: getattr(result, name) for name in same}
    view.update(
        latency_ms=result.latency * 1000, context=dict(result.context), attributes=dict(result.attributes)
    )
    if result.error is not None:
        view["error"] = error_view(result.error)
    elif result.data is not None:
        view["data"] = base64.b64encode(result.data).decode()
    else:
        view["value"] = result.value
    return view


def summary_view(summary: Summary) -> Fields:
    """Converts a summary."""
    same = [
        "request_id",
        "topic",
        "reason",
        "satisfied",
        "targeted_count",
        "answered_count",
        "failed_count",
        "missing_count",
    ]
    outcomes = []
    for outcome in summary.outcomes:
        view: Fields = {"producer_id": outcome.producer_id, "group": outcome.group, "state": outcome.state}
        view["result_count"] = outcome.result_count
        if outcome.latency is not None:
            view["latency_ms"] = outcome.latency * 1000
        if outcome.error is not None:
            view["error"] = {"code": outcome.error.code.name, "message": outcome.error.details}
        outcomes.append(view)
    fields = {name: getattr(summary, name) for name in same}
    return {**fields, "elapsed_ms": summary.elapsed * 1000, "outcomes": outcomes}
