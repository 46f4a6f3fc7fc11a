"""Encodes requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ate_dispatcher_grpc._fields import checked, enum_field, set_field, strings
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.dispatcher_service_pb2 import (
    CancelRequestRequest,
    UpdateListenerRequest,
)
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.request_pb2 import LoserAction, NoProducersAction, Request
from ate_dispatcher_grpc._json import encode_list, encode_struct
from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES, split_topics
from ate_dispatcher_grpc._time import duration_of
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc._varint import length_delimited
from ate_dispatcher_grpc.errors import invalid_argument
from ate_dispatcher_grpc.options import Completion, GatherOptions, RequestOptions, Selector

_GOALS = ("result_count", "quorum_percent", "first_success")


def encode_request(topic: str, options: RequestOptions) -> bytes:
    """Encodes a request.

    The encoding is deterministic: a retry with the same `request_id` must have the same content.

    Raises:
        InvalidArgumentError: An option cannot be encoded. The server checks the values.
        TypeError: There is no such option.
    """
    for name in options:
        if name not in GatherOptions.__annotations__:
            raise TypeError(f"unexpected option {name!r}; arguments for the producers go into kwargs={{...}}")
    request = Request()
    set_field(request, "topic", topic, "request")
    for name in ("data", "content_type", "request_id"):
        set_field(request, name, options.get(name), "request")
    checked("request.attributes", lambda: request.attributes.update(options.get("attributes") or {}))
    ttl = options.get("ttl")
    _check_timeout(options.get("timeout"))
    if ttl is not None:
        request.ttl.CopyFrom(duration_of(ttl, "request.ttl"))
    if "completion" in options:
        _set_completion(request, options["completion"])
    if "selector" in options:
        _set_selector(request, options["selector"])
    action = options.get("no_producers_action")
    if action is not None:
        request.no_producers_action = enum_field(NoProducersAction, action, "request.no_producers_action")
    encoded = request.SerializeToString(deterministic=True)
    if options.get("args"):
        encoded += length_delimited(2, encode_list(options["args"], "args"))
    if options.get("kwargs"):
        encoded += length_delimited(3, encode_struct(options["kwargs"], "kwargs"))
    return encoded


def encode_call(topic: str, options: RequestOptions, flag: bool) -> bytes:
    """Encodes a DispatchRequest or a GatherRequest; raises as encode_request does.

    `flag` is validate_only of the former and exclude_listeners of the latter.
    """
    return view.RequestCall(request=encode_request(topic, options), flag=flag).SerializeToString()


def encode_cancel(request_id: str, principal: str = "") -> bytes:
    """Encodes a CancelRequestRequest.

    Raises:
        InvalidArgumentError: A value cannot be encoded. The server checks the values.
    """
    request = checked("request_id", lambda: CancelRequestRequest(request_id=request_id))
    checked("principal", lambda: setattr(request, "principal", principal))
    return request.SerializeToString()


def encode_listener_updates(listener_id: str, add: Sequence[str], remove: Sequence[str]) -> list[bytes]:
    """Encodes UpdateListenerRequests, as many as the topics need; at least one.

    Raises:
        InvalidArgumentError: A value cannot be encoded, or a topic of several requests is malformed. The server checks
            the topics of a single request, but of several it would apply those before the malformed one.
    """
    whole = checked("listener_id", lambda: UpdateListenerRequest(listener_id=listener_id))
    added, removed = strings(add, "add_topics"), strings(remove, "remove_topics")
    checked("add_topics", lambda: whole.add_topics.extend(added))
    checked("remove_topics", lambda: whole.remove_topics.extend(removed))
    if whole.ByteSize() <= MAX_MESSAGE_BYTES:
        return [whole.SerializeToString()]
    parts = split_topics(check_patterns(added, "add_topics"))
    updates = [UpdateListenerRequest(listener_id=listener_id, add_topics=part) for part in parts]
    parts = split_topics(check_patterns(removed, "remove_topics"))
    updates += [UpdateListenerRequest(listener_id=listener_id, remove_topics=part) for part in parts]
    return [each.SerializeToString() for each in updates or [whole]]


def _set_completion(request: Request, completion: Completion) -> None:
    target = request.completion
    target.SetInParent()
    _reject_unknown(completion, Completion.__annotations__, "request.completion")
    if sum(name in completion for name in _GOALS) > 1:
        raise invalid_argument("request.completion", f"has more than one of {', '.join(_GOALS)}")
    for name in (*_GOALS, "min_results", "count_errors"):
        set_field(target, name, completion.get(name), "request.completion")
    stall = completion.get("stall_timeout")
    if stall is not None:
        target.stall_timeout.CopyFrom(duration_of(stall, "request.completion.stall_timeout"))
    loser = completion.get("loser_action")
    if loser is not None:
        target.loser_action = enum_field(LoserAction, loser, "request.completion.loser_action")


def _set_selector(request: Request, selector: Selector) -> None:
    target = request.selector
    target.SetInParent()
    _reject_unknown(selector, Selector.__annotations__, "request.selector")
    producer_ids = strings(selector.get("producer_ids") or (), "request.selector.producer_ids")
    checked("request.selector.producer_ids", lambda: target.producer_ids.extend(producer_ids))
    principals = strings(selector.get("principals") or (), "request.selector.principals")
    checked("request.selector.principals", lambda: target.principals.extend(principals))
    labels = selector.get("match_labels") or {}
    checked("request.selector.match_labels", lambda: target.match_labels.update(labels))
    set_field(target, "max_targets", selector.get("max_targets"), "request.selector")


def _check_timeout(seconds: float | None) -> None:
    # The server never sees this one: it checks the other times.
    if seconds is not None:
        duration_of(seconds, "timeout")
        if seconds <= 0:
            raise invalid_argument("timeout", f"is {seconds}; it must be above 0 seconds")


def _reject_unknown(given: Mapping[str, Any], known: Mapping[str, Any], field: str) -> None:
    for name in given:
        if name not in known:
            raise invalid_argument(f"{field}.{name}", f"is unknown; known are {', '.join(known)}")
