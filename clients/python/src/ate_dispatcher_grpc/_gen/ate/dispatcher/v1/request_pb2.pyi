import datetime

from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from ate_dispatcher_grpc._gen.google.protobuf import struct_pb2 as _struct_pb2
from ate_dispatcher_grpc._gen.google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LoserAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOSER_ACTION_UNSPECIFIED: _ClassVar[LoserAction]
    LOSER_ACTION_CANCEL: _ClassVar[LoserAction]
    LOSER_ACTION_LET_RUN: _ClassVar[LoserAction]

class NoProducersAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NO_PRODUCERS_ACTION_UNSPECIFIED: _ClassVar[NoProducersAction]
    NO_PRODUCERS_ACTION_COMPLETE: _ClassVar[NoProducersAction]
    NO_PRODUCERS_ACTION_FAIL: _ClassVar[NoProducersAction]
    NO_PRODUCERS_ACTION_WAIT: _ClassVar[NoProducersAction]
LOSER_ACTION_UNSPECIFIED: LoserAction
LOSER_ACTION_CANCEL: LoserAction
LOSER_ACTION_LET_RUN: LoserAction
NO_PRODUCERS_ACTION_UNSPECIFIED: NoProducersAction
NO_PRODUCERS_ACTION_COMPLETE: NoProducersAction
NO_PRODUCERS_ACTION_FAIL: NoProducersAction
NO_PRODUCERS_ACTION_WAIT: NoProducersAction

class Request(_message.Message):
    __slots__ = ("topic", "args", "kwargs", "data", "content_type", "attributes", "ttl", "request_id", "completion", "selector", "no_producers_action")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    KWARGS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    NO_PRODUCERS_ACTION_FIELD_NUMBER: _ClassVar[int]
    topic: str
    args: _struct_pb2.ListValue
    kwargs: _struct_pb2.Struct
    data: bytes
    content_type: str
    attributes: _containers.ScalarMap[str, str]
    ttl: _duration_pb2.Duration
    request_id: str
    completion: Completion
    selector: Selector
    no_producers_action: NoProducersAction
    def __init__(self, topic: _Optional[str] = ..., args: _Optional[_Union[_struct_pb2.ListValue, _Mapping]] = ..., kwargs: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., data: _Optional[bytes] = ..., content_type: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ..., completion: _Optional[_Union[Completion, _Mapping]] = ..., selector: _Optional[_Union[Selector, _Mapping]] = ..., no_producers_action: _Optional[_Union[NoProducersAction, str]] = ...) -> None: ...

class Completion(_message.Message):
    __slots__ = ("result_count", "quorum_percent", "first_success", "stall_timeout", "min_results", "count_errors", "loser_action")
    RESULT_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUORUM_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    STALL_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    MIN_RESULTS_FIELD_NUMBER: _ClassVar[int]
    COUNT_ERRORS_FIELD_NUMBER: _ClassVar[int]
    LOSER_ACTION_FIELD_NUMBER: _ClassVar[int]
    result_count: int
    quorum_percent: int
    first_success: bool
    stall_timeout: _duration_pb2.Duration
    min_results: int
    count_errors: bool
    loser_action: LoserAction
    def __init__(self, result_count: _Optional[int] = ..., quorum_percent: _Optional[int] = ..., first_success: bool = ..., stall_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., min_results: _Optional[int] = ..., count_errors: bool = ..., loser_action: _Optional[_Union[LoserAction, str]] = ...) -> None: ...

class Selector(_message.Message):
    __slots__ = ("producer_ids", "match_labels", "max_targets", "principals")
    class MatchLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PRODUCER_IDS_FIELD_NUMBER: _ClassVar[int]
    MATCH_LABELS_FIELD_NUMBER: _ClassVar[int]
    MAX_TARGETS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPALS_FIELD_NUMBER: _ClassVar[int]
    producer_ids: _containers.RepeatedScalarFieldContainer[str]
    match_labels: _containers.ScalarMap[str, str]
    max_targets: int
    principals: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, producer_ids: _Optional[_Iterable[str]] = ..., match_labels: _Optional[_Mapping[str, str]] = ..., max_targets: _Optional[int] = ..., principals: _Optional[_Iterable[str]] = ...) -> None: ...

class Acceptance(_message.Message):
    __slots__ = ("request_id", "correlation_id", "targets", "listener_count", "ttl", "expire_time")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    LISTENER_COUNT_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    correlation_id: str
    targets: _containers.RepeatedCompositeFieldContainer[Target]
    listener_count: int
    ttl: _duration_pb2.Duration
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., correlation_id: _Optional[str] = ..., targets: _Optional[_Iterable[_Union[Target, _Mapping]]] = ..., listener_count: _Optional[int] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ("producer_id", "group", "principal")
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    group: str
    principal: str
    def __init__(self, producer_id: _Optional[str] = ..., group: _Optional[str] = ..., principal: _Optional[str] = ...) -> None: ...
