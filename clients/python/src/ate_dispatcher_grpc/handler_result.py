"""What handlers return, and how it travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from grpc import StatusCode

from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.google.rpc.error_details_pb2 import ErrorInfo
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._json import JsonLike, encode_value
from ate_dispatcher_grpc.errors import DispatcherError, invalid_argument

# How much of an error's text is sent.
_MAX_ERROR_TEXT = 4096


@dataclass(frozen=True)
class Result:
    """A result with more than its value: either a value or data, and annotations."""

    value: JsonLike = None
    data: bytes | None = None
    """Opaque payload; the value is not sent then."""
    content_type: str = ""
    """Media type of `data`; free text."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Free annotations, passed through unread."""


HandlerResult = Union[JsonLike, bytes, Result]
"""What a handler may return: a JSON value, bytes (which travel as `data`), or both with annotations."""


def encode_result(result: HandlerResult) -> bytes:
    """Encodes what a handler returned.

    Raises:
        InvalidArgumentError: reason UNSERIALIZABLE_VALUE, with the path of what JSON cannot say.
    """
    if isinstance(result, (bytes, bytearray, memoryview)):
        result = Result(data=bytes(result))
    elif not isinstance(result, Result):
        result = Result(value=result)
    message = view.Result()
    try:
        if result.data is not None:
            message.data = result.data
        else:
            message.value = encode_value(result.value, "result")
        message.content_type = result.content_type
        message.attributes.update(result.attributes)
    except (TypeError, UnicodeEncodeError) as error:
        raise invalid_argument("result", f"cannot be sent: {error}", "UNSERIALIZABLE_VALUE") from error
    return message.SerializeToString()


def encode_answer(result: HandlerResult) -> bytes:
    """Encodes what a handler returned as its answer.

    Raises:
        DispatcherError: INTERNAL, reason UNSERIALIZABLE_RESULT, what to answer instead.
    """
    try:
        return encode_result(result)
    except DispatcherError as error:
        raise DispatcherError(StatusCode.INTERNAL, error.details, reason="UNSERIALIZABLE_RESULT") from error


def encode_failure(error: BaseException) -> bytes:
    """Encodes what a handler raised.

    A DispatcherError keeps its code, text, reason and metadata; all else becomes UNKNOWN with its text, or its type if
    it has none. The traceback stays here.
    """
    status = Status()
    if isinstance(error, DispatcherError):
        status.code = error.code.value[0]
        status.message = _truncate(error.details)
        info = ErrorInfo(reason=error.reason, domain="ate.dispatcher.producer", metadata=error.metadata)
        status.details.add(
            type_url="type.googleapis.com/google.rpc.ErrorInfo", value=info.SerializeToString()
        )
    else:
        status.code = StatusCode.UNKNOWN.value[0]
        status.message = _truncate(str(error) or type(error).__name__)
    return view.Result(error=status.SerializeToString()).SerializeToString()


def _truncate(text: str) -> str:
    return text[:_MAX_ERROR_TEXT].encode(errors="replace").decode()
