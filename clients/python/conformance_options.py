"""Converts the commands that open peers to options of the Python client, for threads and asyncio alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ate_dispatcher_grpc import Gap, ResultDelivery, Summary, Tls
from conformance_outcomes import after_callback
from conformance_views import Fields, delivery_view, summary_view

Report = Callable[..., None]


def secure_options() -> Fields:
    """Returns the options of a client for TLS and a token, if the environment has them."""
    file, token = os.environ.get("ATE_DISPATCHER_TLS_CA"), os.environ.get("ATE_DISPATCHER_TOKEN")
    if not file or not token:
        return {}
    return {"tls": Tls(ca=Path(file).read_bytes()), "token": token}


def producer_options(fields: Fields, report: Report) -> tuple[list[tuple[str, str]], Any]:
    """Returns the topics and the further options of a producer; its callbacks report events."""
    name = fields["producer"]
    after = after_callback(fields)
    options: Fields = {
        "max_backlog": fields.get("backlog") or 0,
        "id": fields.get("producer_id") or "",
        "display_name": fields.get("display_name") or "",
        "labels": fields.get("labels") or {},
    }
    if fields.get("concurrency"):
        options["concurrency"] = fields["concurrency"]
    if fields.get("dispositions"):

        def on_disposition(_: str, state: str) -> None:
            report(event="disposition", producer=name, state=state)
            after()

        options["on_disposition"] = on_disposition
    if fields.get("failing_callbacks"):
        options["on_status"] = after
    topics = [(topic["topic"], topic.get("group") or "") for topic in fields.get("topics") or ()]
    return topics, options


def listener_options(fields: Fields, report: Report) -> Any:
    """Returns the options of a listener; its callbacks report events."""
    name = fields["listener"]
    after = after_callback(fields)

    def on_result(result: ResultDelivery) -> None:
        report(event="result", listener=name, **delivery_view(result))
        after()

    def on_summary(summary: Summary) -> None:
        report(event="summary", listener=name, **summary_view(summary))
        after()

    def on_gap(gap: Gap) -> None:
        positions = {"from": gap.first, "to": gap.last, "lost_count": gap.lost_count}
        report(event="gap", listener=name, topic=gap.topic, reason=gap.reason, **positions)
        after()

    return {
        "on_result": on_result,
        "on_summary": on_summary if fields.get("summaries") else None,
        "on_gap": on_gap,
        "on_status": after if fields.get("failing_callbacks") else None,
        "id": fields.get("listener_id") or "",
        "group": fields.get("group") or "",
        "include_late": bool(fields.get("include_late")),
        "buffer_bytes": fields.get("buffer_bytes") or 0,
        "overflow_action": fields.get("overflow_action"),
    }
