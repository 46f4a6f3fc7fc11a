"""What handlers may return, and its encoding."""

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

# In characters; longer error texts are truncated.
_MAX_ERROR_TEXT = 4096


@dataclass(frozen=True)
class Result:
    """A result with attributes: carries either a JSON value or bytes."""

    value: JsonLike = None
    data: bytes | None = None
    """An opaque payload. If set, `value` is not sent."""
    content_type: str = ""
    """Media type of `data`. The dispatcher does not interpret it."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Annotations. The dispatcher passes them on without reading them."""


HandlerResult = Union[JsonLike, bytes, Result]
"""What a handler may return: a JSON value, bytes (sent as `data`), or a Result with attributes."""


def encode_result(result: HandlerResult) -> bytes:
    """Encodes a result.

    Raises:
        InvalidArgumentError: JSON cannot represent the value. The reason is UNSERIALIZABLE_VALUE, and the error names
            the path.
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
        raise invalid_argument("result", f"cannot be encoded: {error}", "UNSERIALIZABLE_VALUE") from error
    return message.SerializeToString()


def encode_answer(result: HandlerResult) -> bytes:
    """Encodes the return value of a handler as its final result.

    Raises:
        DispatcherError: The value cannot be encoded. The code is INTERNAL and the reason UNSERIALIZABLE_RESULT; the
            caller sends this error as the result instead.
    """
    try:
        return encode_result(result)
    except DispatcherError as error:
        raise DispatcherError(StatusCode.INTERNAL, error.details, reason="UNSERIALIZABLE_RESULT") from error


def encode_failure(error: BaseException) -> bytes:
    """Encodes the exception of a handler as an error result.

    A DispatcherError keeps its code, text, reason and metadata. Any other exception becomes UNKNOWN with its text, or
    with the name of its type if the text is empty. The traceback is not sent.
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
