"""Converts gRPC errors and google.rpc.Status into the errors of this library."""

from __future__ import annotations

from typing import Any, Protocol

from google.protobuf.message import DecodeError
from grpc import StatusCode

from ate_dispatcher_grpc._gen.google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc.errors import (
    CODES,
    DispatcherError,
    FieldViolation,
    ProducerError,
    error_class,
)

_DETAILS_KEY = "grpc-status-details-bin"


class FailedCall(Protocol):
    """What the errors of grpc and grpc.aio share."""

    def code(self) -> StatusCode:
        """Returns the status code."""

    def details(self) -> str | None:
        """Returns the message."""

    def trailing_metadata(self) -> Any:
        """Returns pairs of key and value, or None."""


def error_of_call(call: FailedCall) -> DispatcherError:
    """Converts the error of a call, with the details in its trailers."""
    code = call.code() or StatusCode.UNKNOWN
    for key, value in call.trailing_metadata() or ():
        if key == _DETAILS_KEY:
            try:
                return error_of_status(Status.FromString(value), call.details() or "")
            except DecodeError:
                break
    return error_class(code, "")(code, call.details() or "")


def error_of_status(status: Status, text: str = "") -> DispatcherError:
    """Converts a status from a Rejection, Fault or trailer; skips malformed details."""
    code, details = _code(status), _read_details(status)
    return error_class(code, details["reason"])(code, status.message or text, **details)


def producer_error(status: Status) -> ProducerError:
    """Converts the status of a result. The reason is PRODUCER_ERROR unless the producer set one."""
    details = _read_details(status)
    details["reason"] = details["reason"] or "PRODUCER_ERROR"
    return ProducerError(_code(status), status.message, **details)


def _code(status: Status) -> StatusCode:
    code = CODES.get(status.code, StatusCode.UNKNOWN)
    return StatusCode.UNKNOWN if code is StatusCode.OK else code


def _read_details(status: Status) -> dict[str, Any]:
    found: dict[str, Any] = {"reason": "", "metadata": {}, "field_violations": [], "retry_delay": None}
    for detail in status.details:
        try:
            name = detail.type_url.rpartition("/")[2]
            if name == "google.rpc.ErrorInfo":
                info = ErrorInfo.FromString(detail.value)
                found.update(reason=info.reason, metadata=dict(info.metadata))
            elif name == "google.rpc.BadRequest":
                for violation in BadRequest.FromString(detail.value).field_violations:
                    found["field_violations"].append(FieldViolation(violation.field, violation.description))
            elif name == "google.rpc.RetryInfo":
                found["retry_delay"] = seconds_of(RetryInfo.FromString(detail.value).retry_delay)
        except DecodeError:
            continue
    return found
