"""Encodes Python calls and values as payloads: plain JSON where it is exact, otherwise tagged JSON in `data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc.compat.codec import CONTENT_TYPE, Codec, is_plain
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.handler_result import Result
from ate_dispatcher_grpc.options import RequestOptions


def call_options(codec: Codec, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> RequestOptions:
    """Encodes the arguments of a call as request options.

    Raises:
        TypeError: An argument cannot be sent to another process.
    """
    if is_plain(list(args)) and is_plain(dict(kwargs)):
        return {"args": args, "kwargs": kwargs}
    data = codec.dumps({"args": list(args), "kwargs": dict(kwargs)})
    return {"data": data, "content_type": CONTENT_TYPE}


def decode_arguments(codec: Codec, assignment: BaseAssignment) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Decodes the arguments of a call, also of one from another language.

    Raises:
        ValueError: The arguments cannot be decoded.
    """
    if assignment.content_type != CONTENT_TYPE:
        return tuple(assignment.args), dict(assignment.kwargs)
    call = codec.loads(assignment.data)
    return tuple(call["args"]), dict(call["kwargs"])


def encode_result_value(codec: Codec, value: Any) -> Result:
    """Encodes a value as a result.

    Raises:
        TypeError: The value cannot be sent to another process.
    """
    if is_plain(value):
        return Result(value=value)
    return Result(data=codec.dumps(value), content_type=CONTENT_TYPE)


def decode_result_value(codec: Codec, result: ResultDelivery) -> Any:
    """Decodes the value of a result, also of one from another language. Data of other content types stays bytes.

    Raises:
        ValueError: The data cannot be decoded.
        DispatcherError: The producer sent an error, or the payload is malformed.
    """
    data = result.data
    if data is None:
        return result.value
    return codec.loads(data) if result.content_type == CONTENT_TYPE else data
