import datetime

from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2 as _request_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import result_pb2 as _result_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import session_pb2 as _session_pb2
from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from ate_dispatcher_grpc._gen.google.protobuf import timestamp_pb2 as _timestamp_pb2
from ate_dispatcher_grpc._gen.google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RevocationReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVOCATION_REASON_UNSPECIFIED: _ClassVar[RevocationReason]
    REVOCATION_REASON_EXPIRED: _ClassVar[RevocationReason]
    REVOCATION_REASON_COMPLETED: _ClassVar[RevocationReason]
    REVOCATION_REASON_REQUESTED: _ClassVar[RevocationReason]
    REVOCATION_REASON_CALLER_GONE: _ClassVar[RevocationReason]
    REVOCATION_REASON_SHUTDOWN: _ClassVar[RevocationReason]

class DispositionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISPOSITION_STATE_UNSPECIFIED: _ClassVar[DispositionState]
    DISPOSITION_STATE_ACCEPTED: _ClassVar[DispositionState]
    DISPOSITION_STATE_LATE: _ClassVar[DispositionState]
    DISPOSITION_STATE_DUPLICATE: _ClassVar[DispositionState]
    DISPOSITION_STATE_UNKNOWN: _ClassVar[DispositionState]
    DISPOSITION_STATE_CANCELLED: _ClassVar[DispositionState]
REVOCATION_REASON_UNSPECIFIED: RevocationReason
REVOCATION_REASON_EXPIRED: RevocationReason
REVOCATION_REASON_COMPLETED: RevocationReason
REVOCATION_REASON_REQUESTED: RevocationReason
REVOCATION_REASON_CALLER_GONE: RevocationReason
REVOCATION_REASON_SHUTDOWN: RevocationReason
DISPOSITION_STATE_UNSPECIFIED: DispositionState
DISPOSITION_STATE_ACCEPTED: DispositionState
DISPOSITION_STATE_LATE: DispositionState
DISPOSITION_STATE_DUPLICATE: DispositionState
DISPOSITION_STATE_UNKNOWN: DispositionState
DISPOSITION_STATE_CANCELLED: DispositionState

class ProducerMessage(_message.Message):
    __slots__ = ("reply", "hello", "register", "deregister", "update_credit", "drain")
    REPLY_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    DEREGISTER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_CREDIT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    reply: Reply
    hello: Hello
    register: Register
    deregister: Deregister
    update_credit: UpdateCredit
    drain: Drain
    def __init__(self, reply: _Optional[_Union[Reply, _Mapping]] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., register: _Optional[_Union[Register, _Mapping]] = ..., deregister: _Optional[_Union[Deregister, _Mapping]] = ..., update_credit: _Optional[_Union[UpdateCredit, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ...) -> None: ...

class DispatcherMessage(_message.Message):
    __slots__ = ("assignment", "revocation", "heartbeat", "go_away", "disposition", "welcome", "registered", "deregistered", "drained", "fault")
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_FIELD_NUMBER: _ClassVar[int]
    DEREGISTERED_FIELD_NUMBER: _ClassVar[int]
    DRAINED_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    assignment: Assignment
    revocation: Revocation
    heartbeat: _session_pb2.Heartbeat
    go_away: _session_pb2.GoAway
    disposition: Disposition
    welcome: Welcome
    registered: Registered
    deregistered: Deregistered
    drained: Drained
    fault: Fault
    def __init__(self, assignment: _Optional[_Union[Assignment, _Mapping]] = ..., revocation: _Optional[_Union[Revocation, _Mapping]] = ..., heartbeat: _Optional[_Union[_session_pb2.Heartbeat, _Mapping]] = ..., go_away: _Optional[_Union[_session_pb2.GoAway, _Mapping]] = ..., disposition: _Optional[_Union[Disposition, _Mapping]] = ..., welcome: _Optional[_Union[Welcome, _Mapping]] = ..., registered: _Optional[_Union[Registered, _Mapping]] = ..., deregistered: _Optional[_Union[Deregistered, _Mapping]] = ..., drained: _Optional[_Union[Drained, _Mapping]] = ..., fault: _Optional[_Union[Fault, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("producer_id", "display_name", "labels", "registrations", "max_outstanding", "max_backlog", "report_dispositions")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REGISTRATIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    MAX_BACKLOG_FIELD_NUMBER: _ClassVar[int]
    REPORT_DISPOSITIONS_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    display_name: str
    labels: _containers.ScalarMap[str, str]
    registrations: _containers.RepeatedCompositeFieldContainer[Registration]
    max_outstanding: int
    max_backlog: int
    report_dispositions: bool
    def __init__(self, producer_id: _Optional[str] = ..., display_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., registrations: _Optional[_Iterable[_Union[Registration, _Mapping]]] = ..., max_outstanding: _Optional[int] = ..., max_backlog: _Optional[int] = ..., report_dispositions: bool = ...) -> None: ...

class Registration(_message.Message):
    __slots__ = ("topic", "group")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    topic: str
    group: str
    def __init__(self, topic: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class Register(_message.Message):
    __slots__ = ("registrations", "correlation_id")
    REGISTRATIONS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    registrations: _containers.RepeatedCompositeFieldContainer[Registration]
    correlation_id: str
    def __init__(self, registrations: _Optional[_Iterable[_Union[Registration, _Mapping]]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class Deregister(_message.Message):
    __slots__ = ("topics", "correlation_id")
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    topics: _containers.RepeatedScalarFieldContainer[str]
    correlation_id: str
    def __init__(self, topics: _Optional[_Iterable[str]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("assignment_id", "more", "result")
    ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    assignment_id: str
    more: bool
    result: _result_pb2.Result
    def __init__(self, assignment_id: _Optional[str] = ..., more: bool = ..., result: _Optional[_Union[_result_pb2.Result, _Mapping]] = ...) -> None: ...

class UpdateCredit(_message.Message):
    __slots__ = ("max_outstanding",)
    MAX_OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    max_outstanding: int
    def __init__(self, max_outstanding: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("producer_id", "session_id", "server_id", "heartbeat_interval", "max_outstanding", "max_backlog", "max_message_bytes")
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    MAX_BACKLOG_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    session_id: str
    server_id: str
    heartbeat_interval: _duration_pb2.Duration
    max_outstanding: int
    max_backlog: int
    max_message_bytes: int
    def __init__(self, producer_id: _Optional[str] = ..., session_id: _Optional[str] = ..., server_id: _Optional[str] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_outstanding: _Optional[int] = ..., max_backlog: _Optional[int] = ..., max_message_bytes: _Optional[int] = ...) -> None: ...

class Registered(_message.Message):
    __slots__ = ("topics", "correlation_id")
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    topics: _containers.RepeatedScalarFieldContainer[str]
    correlation_id: str
    def __init__(self, topics: _Optional[_Iterable[str]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class Deregistered(_message.Message):
    __slots__ = ("topics", "correlation_id")
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    topics: _containers.RepeatedScalarFieldContainer[str]
    correlation_id: str
    def __init__(self, topics: _Optional[_Iterable[str]] = ..., correlation_id: _Optional[str] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("assignment_id", "request_id", "ttl", "expire_time", "attempt", "context", "request", "requester")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    assignment_id: str
    request_id: str
    ttl: _duration_pb2.Duration
    expire_time: _timestamp_pb2.Timestamp
    attempt: int
    context: _containers.ScalarMap[str, str]
    request: _request_pb2.Request
    requester: str
    def __init__(self, assignment_id: _Optional[str] = ..., request_id: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempt: _Optional[int] = ..., context: _Optional[_Mapping[str, str]] = ..., request: _Optional[_Union[_request_pb2.Request, _Mapping]] = ..., requester: _Optional[str] = ...) -> None: ...

class Revocation(_message.Message):
    __slots__ = ("assignment_ids", "reason")
    ASSIGNMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    assignment_ids: _containers.RepeatedScalarFieldContainer[str]
    reason: RevocationReason
    def __init__(self, assignment_ids: _Optional[_Iterable[str]] = ..., reason: _Optional[_Union[RevocationReason, str]] = ...) -> None: ...

class Disposition(_message.Message):
    __slots__ = ("assignment_id", "state")
    ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    assignment_id: str
    state: DispositionState
    def __init__(self, assignment_id: _Optional[str] = ..., state: _Optional[_Union[DispositionState, str]] = ...) -> None: ...

class Drained(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Fault(_message.Message):
    __slots__ = ("correlation_id", "status")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    correlation_id: str
    status: _status_pb2.Status
    def __init__(self, correlation_id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
