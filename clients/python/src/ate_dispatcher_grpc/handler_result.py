"""What handlers may return, and its encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Union

from grpc import StatusCode

from ate_dispatcher_grpc._failures import named_text_of, printable, text_of
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.google.rpc.error_details_pb2 import ErrorInfo
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._json import JsonLike, encode_value
from ate_dispatcher_grpc.errors import DispatcherError, invalid_argument

# The metadata of an error: more is dropped. An error result must fit into a message of any server.
_MAX_METADATA_ENTRIES: Final = 64
_MAX_METADATA_BYTES: Final = 16 * 1024
_DROPPED: Final = "(the metadata was dropped: it must be at most 64 texts of 16 KiB in all)"


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
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DispatcherError):
            raise
        raise invalid_argument(
            "result", f"cannot be encoded: {text_of(error)}", "UNSERIALIZABLE_VALUE"
        ) from error
    return message.SerializeToString()


def encode_answer(result: HandlerResult) -> bytes:
    """Encodes the return value of a handler as its final result.

    Raises:
        DispatcherError: The value cannot be encoded. The code is INTERNAL and the reason UNSERIALIZABLE_RESULT; the
            caller sends this error as the result instead.
    """
    try:
        return encode_result(result)
    # BaseException: a value's own methods may raise anything while they are read.
    except BaseException as error:
        text = (
            error.details
            if isinstance(error, DispatcherError)
            else f"the result cannot be encoded: {named_text_of(error)}"
        )
        raise DispatcherError(StatusCode.INTERNAL, text, reason="UNSERIALIZABLE_RESULT") from error


def encode_failure(error: BaseException) -> bytes:
    """Encodes the exception of a handler as an error result; never raises.

    A DispatcherError keeps its code, text, reason and metadata. Any other exception becomes UNKNOWN with its text, or
    with the name of its type if the text is empty. The text is cut at 1,024 characters. Metadata of more than 64
    entries or 16 KiB is dropped, and the text says so. The traceback is not sent.
    """
    if isinstance(error, DispatcherError):
        try:
            return _encode_dispatcher_error(error)
        # The attributes of an exception can be replaced by anything.
        except BaseException as cause:
            return _encode_status(Status(code=StatusCode.UNKNOWN.value[0], message=named_text_of(cause)))
    return _encode_status(Status(code=StatusCode.UNKNOWN.value[0], message=text_of(error)))


def _encode_dispatcher_error(error: DispatcherError) -> bytes:
    code = error.code if isinstance(error.code, StatusCode) else StatusCode.UNKNOWN
    if code is StatusCode.OK:
        code = StatusCode.UNKNOWN
    info = ErrorInfo(reason=printable(error.reason), domain="ate.dispatcher.producer")
    text = error.details if isinstance(error.details, str) else text_of(error)
    if not _set_metadata(info, error.metadata):
        text = f"{_DROPPED} {printable(text)}"
    status = Status(code=code.value[0], message=printable(text))
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=info.SerializeToString())
    return _encode_status(status)


def _set_metadata(info: ErrorInfo, metadata: Mapping[str, str]) -> bool:
    try:
        if len(metadata) > _MAX_METADATA_ENTRIES:
            return False
        entries = dict(metadata)
        if (
            sum(len(key.encode()) + len(value.encode()) for key, value in entries.items())
            > _MAX_METADATA_BYTES
        ):
            return False
        info.metadata.update(entries)
        return True
    except BaseException:
        info.metadata.clear()
        return False


def _encode_status(status: Status) -> bytes:
    return view.Result(error=status.SerializeToString()).SerializeToString()
