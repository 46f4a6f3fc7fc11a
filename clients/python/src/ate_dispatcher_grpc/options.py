"""What a request may say beside its topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict

from ate_dispatcher_grpc._json import JsonLike


class Completion(TypedDict, total=False):
    """When a gather ends before its TTL; at most one of the first three. Default: when every target has answered."""

    result_count: int
    """Ends at so many results, over all producers."""
    quorum_percent: int
    """Ends when this share of the targets has answered, from 1 to 100, rounded up."""
    first_success: bool
    """Ends at the first result that is no error."""
    stall_timeout: float
    """Ends when no result has come for so many seconds, counted from the first one on; combines with the above."""
    min_results: int
    """How many results make the summary `satisfied`. Default: `satisfied` means that the goal above was met."""
    count_errors: bool
    """Whether error results count. Default False."""
    loser_action: Literal["CANCEL", "LET_RUN"]
    """What becomes of the others at an early end: revoked (default), or they go on, for the listeners."""


class Selector(TypedDict, total=False):
    """Which of the topic's producers are asked; all conditions must hold. Default: all producers."""

    producer_ids: Sequence[str]
    """Only these; at most 1,000."""
    match_labels: Mapping[str, str]
    """Only producers that carry all of these labels; at most 32."""
    max_targets: int
    """At most so many, those with the least outstanding work first."""


class RequestOptions(TypedDict, total=False):
    """What may be said with a request; all of it is optional."""

    args: Sequence[JsonLike]
    """Positional arguments for the producers."""
    kwargs: Mapping[str, JsonLike]
    """Keyword arguments for the producers; any name is allowed, also `ttl` and `topic`."""
    data: bytes
    """Opaque payload beside or instead of them."""
    content_type: str
    """Media type of `data`; free text."""
    attributes: Mapping[str, str]
    """Annotations for the producers."""
    ttl: float | None
    """How long results are awaited, in seconds. Default: `timeout` if that is set, else the server's, 5 s."""
    timeout: float | None
    """The gRPC deadline of the call, in seconds; bounds the TTL of a gather. Default: none."""
    request_id: str
    """The caller's idempotency key, 1 to 128 printable ASCII characters; sending it again asks nobody again."""
    completion: Completion
    """When the gather ends before its TTL."""
    selector: Selector
    """Which of the topic's producers are asked."""
    no_producers_action: Literal["COMPLETE", "FAIL", "WAIT"]
    """What happens if there is nobody to ask: end at once (default), refuse, or wait for the first within the TTL."""
    context: Mapping[str, str]
    """Trace context: traceparent, tracestate, baggage."""


class GatherOptions(RequestOptions, total=False):
    """What may be said with a gather."""

    exclude_listeners: bool
    """Whether the topic's listeners are left out. Default False: they get the results too."""
