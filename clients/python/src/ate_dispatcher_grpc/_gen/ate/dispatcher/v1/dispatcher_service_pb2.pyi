from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import gather_pb2 as _gather_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import listener_pb2 as _listener_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import producer_pb2 as _producer_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2 as _request_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import session_pb2 as _session_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import summary_pb2 as _summary_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DispatchRequest(_message.Message):
    __slots__ = ("request", "validate_only")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    request: _request_pb2.Request
    validate_only: bool
    def __init__(self, request: _Optional[_Union[_request_pb2.Request, _Mapping]] = ..., validate_only: bool = ...) -> None: ...

class DispatchResponse(_message.Message):
    __slots__ = ("acceptance",)
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    acceptance: _request_pb2.Acceptance
    def __init__(self, acceptance: _Optional[_Union[_request_pb2.Acceptance, _Mapping]] = ...) -> None: ...

class GatherRequest(_message.Message):
    __slots__ = ("request", "exclude_listeners")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    request: _request_pb2.Request
    exclude_listeners: bool
    def __init__(self, request: _Optional[_Union[_request_pb2.Request, _Mapping]] = ..., exclude_listeners: bool = ...) -> None: ...

class GatherResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_gather_pb2.GatherEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_gather_pb2.GatherEvent, _Mapping]]] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("submissions", "cancel_request_ids")
    SUBMISSIONS_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUEST_IDS_FIELD_NUMBER: _ClassVar[int]
    submissions: _containers.RepeatedCompositeFieldContainer[_gather_pb2.Submission]
    cancel_request_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, submissions: _Optional[_Iterable[_Union[_gather_pb2.Submission, _Mapping]]] = ..., cancel_request_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_gather_pb2.GatherEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_gather_pb2.GatherEvent, _Mapping]]] = ...) -> None: ...

class CancelRequestRequest(_message.Message):
    __slots__ = ("request_id", "principal")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    principal: str
    def __init__(self, request_id: _Optional[str] = ..., principal: _Optional[str] = ...) -> None: ...

class CancelRequestResponse(_message.Message):
    __slots__ = ("summary",)
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    summary: _summary_pb2.Summary
    def __init__(self, summary: _Optional[_Union[_summary_pb2.Summary, _Mapping]] = ...) -> None: ...

class ProduceRequest(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_producer_pb2.ProducerMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[_producer_pb2.ProducerMessage, _Mapping]]] = ...) -> None: ...

class ProduceResponse(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_producer_pb2.DispatcherMessage]
    def __init__(self, messages: _Optional[_Iterable[_Union[_producer_pb2.DispatcherMessage, _Mapping]]] = ...) -> None: ...

class ListenRequest(_message.Message):
    __slots__ = ("listener_id", "topics", "resume_from", "include_late", "include_summaries", "overflow_action", "buffer_bytes", "group", "cursors_follow")
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    RESUME_FROM_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_LATE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    OVERFLOW_ACTION_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    CURSORS_FOLLOW_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    topics: _containers.RepeatedScalarFieldContainer[str]
    resume_from: _containers.RepeatedCompositeFieldContainer[_session_pb2.Cursor]
    include_late: bool
    include_summaries: bool
    overflow_action: _listener_pb2.OverflowAction
    buffer_bytes: int
    group: str
    cursors_follow: bool
    def __init__(self, listener_id: _Optional[str] = ..., topics: _Optional[_Iterable[str]] = ..., resume_from: _Optional[_Iterable[_Union[_session_pb2.Cursor, _Mapping]]] = ..., include_late: bool = ..., include_summaries: bool = ..., overflow_action: _Optional[_Union[_listener_pb2.OverflowAction, str]] = ..., buffer_bytes: _Optional[int] = ..., group: _Optional[str] = ..., cursors_follow: bool = ...) -> None: ...

class ListenResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_listener_pb2.ListenerEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_listener_pb2.ListenerEvent, _Mapping]]] = ...) -> None: ...

class UpdateListenerRequest(_message.Message):
    __slots__ = ("listener_id", "add_topics", "remove_topics")
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    ADD_TOPICS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_TOPICS_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    add_topics: _containers.RepeatedScalarFieldContainer[str]
    remove_topics: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, listener_id: _Optional[str] = ..., add_topics: _Optional[_Iterable[str]] = ..., remove_topics: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateListenerResponse(_message.Message):
    __slots__ = ("topics",)
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    topics: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, topics: _Optional[_Iterable[str]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("listen", "update")
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    listen: ListenRequest
    update: _listener_pb2.TopicsUpdate
    def __init__(self, listen: _Optional[_Union[ListenRequest, _Mapping]] = ..., update: _Optional[_Union[_listener_pb2.TopicsUpdate, _Mapping]] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_listener_pb2.ListenerEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[_listener_pb2.ListenerEvent, _Mapping]]] = ...) -> None: ...
