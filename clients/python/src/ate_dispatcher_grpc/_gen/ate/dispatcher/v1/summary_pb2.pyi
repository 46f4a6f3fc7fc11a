import datetime

from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from ate_dispatcher_grpc._gen.google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SummaryReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUMMARY_REASON_UNSPECIFIED: _ClassVar[SummaryReason]
    SUMMARY_REASON_ALL_ANSWERED: _ClassVar[SummaryReason]
    SUMMARY_REASON_POLICY_MET: _ClassVar[SummaryReason]
    SUMMARY_REASON_STALLED: _ClassVar[SummaryReason]
    SUMMARY_REASON_EXPIRED: _ClassVar[SummaryReason]
    SUMMARY_REASON_CANCELLED: _ClassVar[SummaryReason]
    SUMMARY_REASON_NO_PRODUCERS: _ClassVar[SummaryReason]
    SUMMARY_REASON_SHUTDOWN: _ClassVar[SummaryReason]

class OutcomeState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_STATE_UNSPECIFIED: _ClassVar[OutcomeState]
    OUTCOME_STATE_ANSWERED: _ClassVar[OutcomeState]
    OUTCOME_STATE_FAILED: _ClassVar[OutcomeState]
    OUTCOME_STATE_MISSED: _ClassVar[OutcomeState]
    OUTCOME_STATE_DEPARTED: _ClassVar[OutcomeState]
    OUTCOME_STATE_SATURATED: _ClassVar[OutcomeState]
    OUTCOME_STATE_CANCELLED: _ClassVar[OutcomeState]
    OUTCOME_STATE_LATE: _ClassVar[OutcomeState]
    OUTCOME_STATE_PENDING: _ClassVar[OutcomeState]
SUMMARY_REASON_UNSPECIFIED: SummaryReason
SUMMARY_REASON_ALL_ANSWERED: SummaryReason
SUMMARY_REASON_POLICY_MET: SummaryReason
SUMMARY_REASON_STALLED: SummaryReason
SUMMARY_REASON_EXPIRED: SummaryReason
SUMMARY_REASON_CANCELLED: SummaryReason
SUMMARY_REASON_NO_PRODUCERS: SummaryReason
SUMMARY_REASON_SHUTDOWN: SummaryReason
OUTCOME_STATE_UNSPECIFIED: OutcomeState
OUTCOME_STATE_ANSWERED: OutcomeState
OUTCOME_STATE_FAILED: OutcomeState
OUTCOME_STATE_MISSED: OutcomeState
OUTCOME_STATE_DEPARTED: OutcomeState
OUTCOME_STATE_SATURATED: OutcomeState
OUTCOME_STATE_CANCELLED: OutcomeState
OUTCOME_STATE_LATE: OutcomeState
OUTCOME_STATE_PENDING: OutcomeState

class Summary(_message.Message):
    __slots__ = ("request_id", "topic", "reason", "satisfied", "targeted_count", "answered_count", "failed_count", "missing_count", "elapsed", "outcomes", "requester")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SATISFIED_FIELD_NUMBER: _ClassVar[int]
    TARGETED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_COUNT_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    topic: str
    reason: SummaryReason
    satisfied: bool
    targeted_count: int
    answered_count: int
    failed_count: int
    missing_count: int
    elapsed: _duration_pb2.Duration
    outcomes: _containers.RepeatedCompositeFieldContainer[ProducerOutcome]
    requester: str
    def __init__(self, request_id: _Optional[str] = ..., topic: _Optional[str] = ..., reason: _Optional[_Union[SummaryReason, str]] = ..., satisfied: bool = ..., targeted_count: _Optional[int] = ..., answered_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., missing_count: _Optional[int] = ..., elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., outcomes: _Optional[_Iterable[_Union[ProducerOutcome, _Mapping]]] = ..., requester: _Optional[str] = ...) -> None: ...

class ProducerOutcome(_message.Message):
    __slots__ = ("producer_id", "group", "state", "latency", "result_count", "error", "principal")
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    RESULT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    group: str
    state: OutcomeState
    latency: _duration_pb2.Duration
    result_count: int
    error: _status_pb2.Status
    principal: str
    def __init__(self, producer_id: _Optional[str] = ..., group: _Optional[str] = ..., state: _Optional[_Union[OutcomeState, str]] = ..., latency: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., result_count: _Optional[int] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...
