"""A delivered result, whose payload is decoded on first access."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

from google.protobuf.message import DecodeError
from grpc import StatusCode

from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.google.protobuf.duration_pb2 import Duration
from ate_dispatcher_grpc._gen.google.protobuf.timestamp_pb2 import Timestamp
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._json import Json, decode_value
from ate_dispatcher_grpc._status import producer_error
from ate_dispatcher_grpc._time import datetime_of, seconds_of
from ate_dispatcher_grpc.errors import DispatcherError, ProducerError


class ResultDelivery:
    """One delivered result.

    The payload is decoded on first access, so a malformed payload raises there and does not end the stream.
    """

    def __init__(self, delivery: view.Delivery) -> None:
        self._delivery = delivery
        self.request_id: str = delivery.request_id
        self.topic: str = delivery.topic
        self.producer_id: str = delivery.producer_id

    @property
    def principal(self) -> str:
        """The principal of the producer, as the dispatcher authenticated it; empty if the producer is anonymous.

        The same `producer_id` of another principal is another producer.
        """
        return self._delivery.principal

    @property
    def requester(self) -> str:
        """The principal whose request it is; empty if the requester is anonymous.

        The same `request_id` of another requester is another request.
        """
        return self._delivery.requester

    @property
    def group(self) -> str:
        """The group the producer was chosen from; empty if it registered without a group."""
        return self._delivery.group

    @property
    def ordinal(self) -> int:
        """Number of the result within the request by arrival, from 1; 0 for late results."""
        return self._delivery.ordinal

    @property
    def more(self) -> bool:
        """Whether this is a partial result: the same producer sends further results for this request."""
        return self._delivery.more

    @property
    def sequence(self) -> int:
        """Position of the delivery in its topic; 0 for late results and for results that only the caller receives."""
        return self._delivery.sequence

    @property
    def late(self) -> bool:
        """Whether the result arrived after the request had ended."""
        return self._delivery.late

    @property
    def context(self) -> Mapping[str, str]:
        """The request's trace context."""
        return self._delivery.context

    @cached_property
    def latency(self) -> float:
        """Seconds from the acceptance of the request to the arrival of the result, by the server's clock."""
        return seconds_of(Duration.FromString(self._delivery.latency))

    @cached_property
    def receive_time(self) -> datetime:
        """When the result arrived, by the server's wall clock."""
        return datetime_of(Timestamp.FromString(self._delivery.receive_time))

    @property
    def kind(self) -> Literal["value", "data", "error"]:
        """Whether the producer sent a JSON value, bytes or an error.

        Raises:
            DispatcherError: The payload is malformed. The reason is UNDECODABLE_RESULT.
        """
        outcome = self._result.WhichOneof("outcome")
        return "value" if outcome is None else outcome

    @cached_property
    def value(self) -> Json:
        """The JSON value; None if the producer sent bytes or no value.

        Raises:
            ProducerError: The producer sent an error.
            DispatcherError: The payload is malformed. The reason is UNDECODABLE_RESULT.
        """
        if self.error is not None:
            raise self.error
        try:
            return decode_value(self._result.value)
        except ValueError as cause:
            raise self._undecodable(cause) from cause

    @property
    def data(self) -> bytes | None:
        """The bytes, in the format that `content_type` names; None if the producer sent a value or an error."""
        return self._result.data if self._result.WhichOneof("outcome") == "data" else None

    @cached_property
    def error(self) -> ProducerError | None:
        """The producer's error, or None."""
        if self._result.WhichOneof("outcome") != "error":
            return None
        try:
            return producer_error(Status.FromString(self._result.error))
        except DecodeError as cause:
            raise self._undecodable(cause) from cause

    @property
    def content_type(self) -> str:
        """Media type of `data`; may be empty."""
        return self._result.content_type

    @property
    def attributes(self) -> Mapping[str, str]:
        """The producer's annotations."""
        return self._result.attributes

    @cached_property
    def _result(self) -> view.Result:
        try:
            return view.Result.FromString(self._delivery.result)
        except DecodeError as cause:
            raise self._undecodable(cause) from cause

    def _undecodable(self, cause: Exception) -> DispatcherError:
        details = f"the result of {self.producer_id} cannot be decoded: {cause}"
        return DispatcherError(StatusCode.INTERNAL, details, reason="UNDECODABLE_RESULT")

    def __repr__(self) -> str:
        return (
            f"ResultDelivery(topic={self.topic!r}, producer_id={self.producer_id!r}, "
            f"request_id={self.request_id!r}, ordinal={self.ordinal}, sequence={self.sequence})"
        )
