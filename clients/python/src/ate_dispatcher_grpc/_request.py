"""Encodes requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ate_dispatcher_grpc._enums import enum_number
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.dispatcher_service_pb2 import UpdateListenerRequest
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.request_pb2 import LoserAction, NoProducersAction, Request
from ate_dispatcher_grpc._json import encode_list, encode_struct
from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES, split_topics
from ate_dispatcher_grpc._time import duration_of
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc._varint import length_delimited
from ate_dispatcher_grpc.errors import invalid_argument
from ate_dispatcher_grpc.options import Completion, GatherOptions, RequestOptions, Selector

_T = TypeVar("_T")
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
    _set(request, "topic", topic, "request")
    for name in ("data", "content_type", "request_id"):
        _set(request, name, options.get(name), "request")
    _checked("request.attributes", lambda: request.attributes.update(options.get("attributes") or {}))
    ttl = options.get("ttl")
    _check_timeout(options.get("timeout"))
    if ttl is not None:
        request.ttl.CopyFrom(duration_of(ttl, "ttl"))
    if "completion" in options:
        _set_completion(request, options["completion"])
    if "selector" in options:
        _set_selector(request, options["selector"])
    action = options.get("no_producers_action")
    if action is not None:
        request.no_producers_action = _enum(NoProducersAction, action, "no_producers_action")
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


def encode_listener_updates(listener_id: str, add: Sequence[str], remove: Sequence[str]) -> list[bytes]:
    """Encodes UpdateListenerRequests, as many as the topics need; at least one.

    Raises:
        InvalidArgumentError: A topic is malformed.
    """
    added = split_topics(check_patterns(add, "add"))
    removed = split_topics(check_patterns(remove, "remove"))
    updates = [UpdateListenerRequest(listener_id=listener_id, add_topics=part) for part in added]
    updates += [UpdateListenerRequest(listener_id=listener_id, remove_topics=part) for part in removed]
    if (
        len(added) == len(removed) == 1
        and sum(map(UpdateListenerRequest.ByteSize, updates)) < MAX_MESSAGE_BYTES
    ):
        updates[0].MergeFrom(updates.pop())
    return [each.SerializeToString() for each in updates or [UpdateListenerRequest(listener_id=listener_id)]]


def _set_completion(request: Request, completion: Completion) -> None:
    target = request.completion
    target.SetInParent()
    _reject_unknown(completion, Completion.__annotations__, "completion")
    if sum(name in completion for name in _GOALS) > 1:
        raise invalid_argument("completion", f"has more than one of {', '.join(_GOALS)}")
    for name in (*_GOALS, "min_results", "count_errors"):
        _set(target, name, completion.get(name), "completion")
    stall = completion.get("stall_timeout")
    if stall is not None:
        target.stall_timeout.CopyFrom(duration_of(stall, "completion.stall_timeout"))
    loser = completion.get("loser_action")
    if loser is not None:
        target.loser_action = _enum(LoserAction, loser, "completion.loser_action")


def _set_selector(request: Request, selector: Selector) -> None:
    target = request.selector
    target.SetInParent()
    _reject_unknown(selector, Selector.__annotations__, "selector")
    _checked("selector.producer_ids", lambda: target.producer_ids.extend(selector.get("producer_ids", ())))
    _checked("selector.match_labels", lambda: target.match_labels.update(selector.get("match_labels", {})))
    _set(target, "max_targets", selector.get("max_targets"), "selector")


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


def _set(target: Any, name: str, value: Any, field: str) -> None:
    if value is not None:
        _checked(f"{field}.{name}", lambda: setattr(target, name, value))


def _enum(enum: Any, name: str, field: str) -> Any:
    return _checked(field, lambda: enum_number(enum, name))


def _checked(field: str, write: Callable[[], _T]) -> _T:
    try:
        return write()
    except (TypeError, ValueError, AttributeError) as error:
        raise invalid_argument(field, f"cannot be encoded: {error}") from error
