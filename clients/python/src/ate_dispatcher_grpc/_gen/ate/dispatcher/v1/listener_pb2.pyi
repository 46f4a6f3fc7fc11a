import datetime

from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import result_pb2 as _result_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import session_pb2 as _session_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import summary_pb2 as _summary_pb2
from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OverflowAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OVERFLOW_ACTION_UNSPECIFIED: _ClassVar[OverflowAction]
    OVERFLOW_ACTION_DROP_OLDEST: _ClassVar[OverflowAction]
    OVERFLOW_ACTION_DISCONNECT: _ClassVar[OverflowAction]

class GapReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GAP_REASON_UNSPECIFIED: _ClassVar[GapReason]
    GAP_REASON_SLOW_LISTENER: _ClassVar[GapReason]
    GAP_REASON_RETENTION: _ClassVar[GapReason]
    GAP_REASON_EPOCH_CHANGED: _ClassVar[GapReason]
OVERFLOW_ACTION_UNSPECIFIED: OverflowAction
OVERFLOW_ACTION_DROP_OLDEST: OverflowAction
OVERFLOW_ACTION_DISCONNECT: OverflowAction
GAP_REASON_UNSPECIFIED: GapReason
GAP_REASON_SLOW_LISTENER: GapReason
GAP_REASON_RETENTION: GapReason
GAP_REASON_EPOCH_CHANGED: GapReason

class ListenerEvent(_message.Message):
    __slots__ = ("delivery", "summary", "heartbeat", "go_away", "ready", "gap", "topics_changed")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    TOPICS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    delivery: _result_pb2.Delivery
    summary: _summary_pb2.Summary
    heartbeat: _session_pb2.Heartbeat
    go_away: _session_pb2.GoAway
    ready: Ready
    gap: Gap
    topics_changed: TopicsChanged
    def __init__(self, delivery: _Optional[_Union[_result_pb2.Delivery, _Mapping]] = ..., summary: _Optional[_Union[_summary_pb2.Summary, _Mapping]] = ..., heartbeat: _Optional[_Union[_session_pb2.Heartbeat, _Mapping]] = ..., go_away: _Optional[_Union[_session_pb2.GoAway, _Mapping]] = ..., ready: _Optional[_Union[Ready, _Mapping]] = ..., gap: _Optional[_Union[Gap, _Mapping]] = ..., topics_changed: _Optional[_Union[TopicsChanged, _Mapping]] = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ("listener_id", "session_id", "server_id", "heartbeat_interval", "cursors", "max_message_bytes")
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    CURSORS_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    session_id: str
    server_id: str
    heartbeat_interval: _duration_pb2.Duration
    cursors: _containers.RepeatedCompositeFieldContainer[_session_pb2.Cursor]
    max_message_bytes: int
    def __init__(self, listener_id: _Optional[str] = ..., session_id: _Optional[str] = ..., server_id: _Optional[str] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cursors: _Optional[_Iterable[_Union[_session_pb2.Cursor, _Mapping]]] = ..., max_message_bytes: _Optional[int] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("topic", "reason", "to", "lost_count")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    LOST_COUNT_FIELD_NUMBER: _ClassVar[int]
    topic: str
    reason: GapReason
    to: int
    lost_count: int
    def __init__(self, topic: _Optional[str] = ..., reason: _Optional[_Union[GapReason, str]] = ..., to: _Optional[int] = ..., lost_count: _Optional[int] = ..., **kwargs) -> None: ...

class TopicsChanged(_message.Message):
    __slots__ = ("added", "removed", "cursors")
    ADDED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    CURSORS_FIELD_NUMBER: _ClassVar[int]
    added: _containers.RepeatedScalarFieldContainer[str]
    removed: _containers.RepeatedScalarFieldContainer[str]
    cursors: _containers.RepeatedCompositeFieldContainer[_session_pb2.Cursor]
    def __init__(self, added: _Optional[_Iterable[str]] = ..., removed: _Optional[_Iterable[str]] = ..., cursors: _Optional[_Iterable[_Union[_session_pb2.Cursor, _Mapping]]] = ...) -> None: ...

class TopicsUpdate(_message.Message):
    __slots__ = ("add_topics", "remove_topics", "resume_from", "cursors_follow")
    ADD_TOPICS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_TOPICS_FIELD_NUMBER: _ClassVar[int]
    RESUME_FROM_FIELD_NUMBER: _ClassVar[int]
    CURSORS_FOLLOW_FIELD_NUMBER: _ClassVar[int]
    add_topics: _containers.RepeatedScalarFieldContainer[str]
    remove_topics: _containers.RepeatedScalarFieldContainer[str]
    resume_from: _containers.RepeatedCompositeFieldContainer[_session_pb2.Cursor]
    cursors_follow: bool
    def __init__(self, add_topics: _Optional[_Iterable[str]] = ..., remove_topics: _Optional[_Iterable[str]] = ..., resume_from: _Optional[_Iterable[_Union[_session_pb2.Cursor, _Mapping]]] = ..., cursors_follow: bool = ...) -> None: ...
