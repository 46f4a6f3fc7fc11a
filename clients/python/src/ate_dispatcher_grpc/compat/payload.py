"""Python calls and values as payloads: plain JSON where that says them exactly, else tagged JSON in `data`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc.compat import codec
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.handler_result import Result
from ate_dispatcher_grpc.options import RequestOptions


def call_options(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> RequestOptions:
    """Returns the options that carry the arguments of a call.

    Raises:
        TypeError: an argument cannot be sent to another process.
    """
    if codec.is_plain(list(args)) and codec.is_plain(dict(kwargs)):
        return {"args": args, "kwargs": kwargs}
    data = codec.dumps({"args": list(args), "kwargs": dict(kwargs)})
    return {"data": data, "content_type": codec.CONTENT_TYPE}


def decode_arguments(assignment: BaseAssignment) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Returns the arguments of a call, whoever made it.

    Raises:
        ValueError: they cannot be decoded.
    """
    if assignment.content_type != codec.CONTENT_TYPE:
        return tuple(assignment.args), dict(assignment.kwargs)
    call = codec.loads(assignment.data)
    return tuple(call["args"]), dict(call["kwargs"])


def encode_result_value(value: Any) -> Result:
    """Returns the result that carries a value.

    Raises:
        TypeError: it cannot be sent to another process.
    """
    if codec.is_plain(value):
        return Result(value=value)
    return Result(data=codec.dumps(value), content_type=codec.CONTENT_TYPE)


def decode_result_value(result: ResultDelivery) -> Any:
    """Returns the value of a result, whoever produced it; data of other content types as bytes.

    Raises:
        ValueError: it cannot be decoded.
        DispatcherError: the producer failed, or it cannot be decoded.
    """
    data = result.data
    if data is None:
        return result.value
    return codec.loads(data) if result.content_type == codec.CONTENT_TYPE else data
