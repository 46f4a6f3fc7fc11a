from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2 as _request_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import result_pb2 as _result_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import session_pb2 as _session_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import summary_pb2 as _summary_pb2
from ate_dispatcher_grpc._gen.google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GatherEvent(_message.Message):
    __slots__ = ("delivery", "summary", "heartbeat", "go_away", "acceptance", "rejection")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    delivery: _result_pb2.Delivery
    summary: _summary_pb2.Summary
    heartbeat: _session_pb2.Heartbeat
    go_away: _session_pb2.GoAway
    acceptance: _request_pb2.Acceptance
    rejection: Rejection
    def __init__(self, delivery: _Optional[_Union[_result_pb2.Delivery, _Mapping]] = ..., summary: _Optional[_Union[_summary_pb2.Summary, _Mapping]] = ..., heartbeat: _Optional[_Union[_session_pb2.Heartbeat, _Mapping]] = ..., go_away: _Optional[_Union[_session_pb2.GoAway, _Mapping]] = ..., acceptance: _Optional[_Union[_request_pb2.Acceptance, _Mapping]] = ..., rejection: _Optional[_Union[Rejection, _Mapping]] = ...) -> None: ...

class Submission(_message.Message):
    __slots__ = ("correlation_id", "request", "gather", "exclude_listeners", "context")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    GATHER_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    correlation_id: str
    request: _request_pb2.Request
    gather: bool
    exclude_listeners: bool
    context: _containers.ScalarMap[str, str]
    def __init__(self, correlation_id: _Optional[str] = ..., request: _Optional[_Union[_request_pb2.Request, _Mapping]] = ..., gather: bool = ..., exclude_listeners: bool = ..., context: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("correlation_id", "status")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    correlation_id: str
    status: _status_pb2.Status
    def __init__(self, correlation_id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
