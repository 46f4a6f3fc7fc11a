"""The options of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict

from ate_dispatcher_grpc._json import JsonLike


class Completion(TypedDict, total=False):
    """When a gather ends before its TTL. At most one of the first three may be set.

    Default: the gather ends when every target has answered.
    """

    result_count: int
    """The gather ends after this number of results, from all producers together."""
    quorum_percent: int
    """The gather ends when this percentage of the targets has answered, from 1 to 100, rounded up."""
    first_success: bool
    """The gather ends at the first result that is not an error."""
    stall_timeout: float
    """The gather ends when no result has arrived for this many seconds since the last one.

    The timer starts with the first result. Combines with the options above.
    """
    min_results: int
    """The number of results that makes the summary `satisfied`. Default: the goal above decides."""
    count_errors: bool
    """Whether error results count towards the goal. Default False."""
    loser_action: Literal["CANCEL", "LET_RUN"]
    """What happens to unanswered assignments at an early end.

    CANCEL (default) revokes them. LET_RUN lets them finish; results within the TTL reach the listeners, but not the
    caller.
    """


class Selector(TypedDict, total=False):
    """Which of the topic's producers get the request; all conditions must hold. Default: all producers."""

    producer_ids: Sequence[str]
    """Only these producers; at most 1,000."""
    principals: Sequence[str]
    """Only producers of these principals; at most 1,000."""
    match_labels: Mapping[str, str]
    """Only producers that have all of these labels; at most 32."""
    max_targets: int
    """At most this many producers; those with the fewest outstanding assignments come first."""


class RequestOptions(TypedDict, total=False):
    """The options of a request; all are optional."""

    args: Sequence[JsonLike]
    """Positional arguments for the producers."""
    kwargs: Mapping[str, JsonLike]
    """Keyword arguments for the producers. Any name is allowed, even `ttl` and `topic`."""
    data: bytes
    """An opaque payload, in addition to or instead of `args` and `kwargs`."""
    content_type: str
    """Media type of `data`. The dispatcher does not interpret it."""
    attributes: Mapping[str, str]
    """Annotations for the producers."""
    ttl: float | None
    """How long the dispatcher waits for results, in seconds. Default: `timeout` if set, else 5 s unless configured."""
    timeout: float | None
    """The gRPC deadline of the call, in seconds from now. It limits the TTL of a gather. Default: no deadline."""
    request_id: str
    """An idempotency key, 1 to 128 printable ASCII characters. A retry with the same id is not scattered again."""
    completion: Completion
    """When the gather ends before its TTL."""
    selector: Selector
    """Which of the topic's producers get the request."""
    no_producers_action: Literal["COMPLETE", "FAIL", "WAIT"]
    """What happens if no producer matches.

    COMPLETE (default) ends the request at once. FAIL rejects it. WAIT waits for the first producer until the TTL ends.
    """
    context: Mapping[str, str]
    """Trace context as gRPC metadata: traceparent, tracestate, baggage."""


class GatherOptions(RequestOptions, total=False):
    """The options of a gather."""

    exclude_listeners: bool
    """Whether the results go only to the caller. Default False: the topic's listeners receive them too."""
