from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RequestCall(_message.Message):
    __slots__ = ("request", "flag")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    request: bytes
    flag: bool
    def __init__(self, request: _Optional[bytes] = ..., flag: bool = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("topic", "args", "kwargs", "data", "content_type", "attributes")
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
    topic: str
    args: bytes
    kwargs: bytes
    data: bytes
    content_type: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, topic: _Optional[str] = ..., args: _Optional[bytes] = ..., kwargs: _Optional[bytes] = ..., data: _Optional[bytes] = ..., content_type: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

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
    value: bytes
    data: bytes
    error: bytes
    content_type: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, value: _Optional[bytes] = ..., data: _Optional[bytes] = ..., error: _Optional[bytes] = ..., content_type: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("delivery", "summary", "heartbeat", "go_away", "acceptance", "rejection", "ready", "gap", "topics_changed")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    TOPICS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    summary: bytes
    heartbeat: bytes
    go_away: bytes
    acceptance: bytes
    rejection: bytes
    ready: bytes
    gap: bytes
    topics_changed: bytes
    def __init__(self, delivery: _Optional[_Union[Delivery, _Mapping]] = ..., summary: _Optional[bytes] = ..., heartbeat: _Optional[bytes] = ..., go_away: _Optional[bytes] = ..., acceptance: _Optional[bytes] = ..., rejection: _Optional[bytes] = ..., ready: _Optional[bytes] = ..., gap: _Optional[bytes] = ..., topics_changed: _Optional[bytes] = ...) -> None: ...

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
    latency: bytes
    receive_time: bytes
    late: bool
    context: _containers.ScalarMap[str, str]
    result: bytes
    principal: str
    requester: str
    def __init__(self, request_id: _Optional[str] = ..., topic: _Optional[str] = ..., producer_id: _Optional[str] = ..., group: _Optional[str] = ..., ordinal: _Optional[int] = ..., more: bool = ..., sequence: _Optional[int] = ..., latency: _Optional[bytes] = ..., receive_time: _Optional[bytes] = ..., late: bool = ..., context: _Optional[_Mapping[str, str]] = ..., result: _Optional[bytes] = ..., principal: _Optional[str] = ..., requester: _Optional[str] = ...) -> None: ...

class DispatcherBatch(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[DispatcherMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[DispatcherMessage, _Mapping]]] = ...) -> None: ...

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
    revocation: bytes
    heartbeat: bytes
    go_away: bytes
    disposition: bytes
    welcome: bytes
    registered: bytes
    deregistered: bytes
    drained: bytes
    fault: bytes
    def __init__(self, assignment: _Optional[_Union[Assignment, _Mapping]] = ..., revocation: _Optional[bytes] = ..., heartbeat: _Optional[bytes] = ..., go_away: _Optional[bytes] = ..., disposition: _Optional[bytes] = ..., welcome: _Optional[bytes] = ..., registered: _Optional[bytes] = ..., deregistered: _Optional[bytes] = ..., drained: _Optional[bytes] = ..., fault: _Optional[bytes] = ...) -> None: ...

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
    ttl: bytes
    expire_time: bytes
    attempt: int
    context: _containers.ScalarMap[str, str]
    request: bytes
    requester: str
    def __init__(self, assignment_id: _Optional[str] = ..., request_id: _Optional[str] = ..., ttl: _Optional[bytes] = ..., expire_time: _Optional[bytes] = ..., attempt: _Optional[int] = ..., context: _Optional[_Mapping[str, str]] = ..., request: _Optional[bytes] = ..., requester: _Optional[str] = ...) -> None: ...

class ProducerBatch(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[ProducerMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[ProducerMessage, _Mapping]]] = ...) -> None: ...

class ProducerMessage(_message.Message):
    __slots__ = ("reply", "hello", "register", "deregister", "update_credit", "drain")
    REPLY_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    DEREGISTER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_CREDIT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    reply: Reply
    hello: bytes
    register: bytes
    deregister: bytes
    update_credit: bytes
    drain: bytes
    def __init__(self, reply: _Optional[_Union[Reply, _Mapping]] = ..., hello: _Optional[bytes] = ..., register: _Optional[bytes] = ..., deregister: _Optional[bytes] = ..., update_credit: _Optional[bytes] = ..., drain: _Optional[bytes] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("assignment_id", "more", "result")
    ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    assignment_id: str
    more: bool
    result: bytes
    def __init__(self, assignment_id: _Optional[str] = ..., more: bool = ..., result: _Optional[bytes] = ...) -> None: ...
