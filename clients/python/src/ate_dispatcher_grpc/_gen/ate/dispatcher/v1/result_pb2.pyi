import datetime

from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from ate_dispatcher_grpc._gen.google.protobuf import struct_pb2 as _struct_pb2
from ate_dispatcher_grpc._gen.google.protobuf import timestamp_pb2 as _timestamp_pb2
from ate_dispatcher_grpc._gen.google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Result(_message.Message):
    __slots__ = ("value", "data", "error", "content_type", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    value: _struct_pb2.Value
    data: bytes
    error: _status_pb2.Status
    content_type: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., data: _Optional[bytes] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., content_type: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("request_id", "topic", "producer_id", "group", "ordinal", "more", "sequence", "latency", "receive_time", "late", "context", "result", "principal", "requester")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    topic: str
    producer_id: str
    group: str
    ordinal: int
    more: bool
    sequence: int
    latency: _duration_pb2.Duration
    receive_time: _timestamp_pb2.Timestamp
    late: bool
    context: _containers.ScalarMap[str, str]
    result: Result
    principal: str
    requester: str
    def __init__(self, request_id: _Optional[str] = ..., topic: _Optional[str] = ..., producer_id: _Optional[str] = ..., group: _Optional[str] = ..., ordinal: _Optional[int] = ..., more: bool = ..., sequence: _Optional[int] = ..., latency: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late: bool = ..., context: _Optional[_Mapping[str, str]] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., principal: _Optional[str] = ..., requester: _Optional[str] = ...) -> None: ...
