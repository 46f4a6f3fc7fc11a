import datetime

from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2 as _request_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import summary_pb2 as _summary_pb2
from ate_dispatcher_grpc._gen.google.protobuf import duration_pb2 as _duration_pb2
from ate_dispatcher_grpc._gen.google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TimelineKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMELINE_KIND_UNSPECIFIED: _ClassVar[TimelineKind]
    TIMELINE_KIND_ACCEPTED: _ClassVar[TimelineKind]
    TIMELINE_KIND_ASSIGNED: _ClassVar[TimelineKind]
    TIMELINE_KIND_QUEUED: _ClassVar[TimelineKind]
    TIMELINE_KIND_PARTIAL: _ClassVar[TimelineKind]
    TIMELINE_KIND_ANSWERED: _ClassVar[TimelineKind]
    TIMELINE_KIND_FAILED: _ClassVar[TimelineKind]
    TIMELINE_KIND_DEPARTED: _ClassVar[TimelineKind]
    TIMELINE_KIND_SATURATED: _ClassVar[TimelineKind]
    TIMELINE_KIND_REVOKED: _ClassVar[TimelineKind]
    TIMELINE_KIND_LATE: _ClassVar[TimelineKind]
    TIMELINE_KIND_ENDED: _ClassVar[TimelineKind]
TIMELINE_KIND_UNSPECIFIED: TimelineKind
TIMELINE_KIND_ACCEPTED: TimelineKind
TIMELINE_KIND_ASSIGNED: TimelineKind
TIMELINE_KIND_QUEUED: TimelineKind
TIMELINE_KIND_PARTIAL: TimelineKind
TIMELINE_KIND_ANSWERED: TimelineKind
TIMELINE_KIND_FAILED: TimelineKind
TIMELINE_KIND_DEPARTED: TimelineKind
TIMELINE_KIND_SATURATED: TimelineKind
TIMELINE_KIND_REVOKED: TimelineKind
TIMELINE_KIND_LATE: TimelineKind
TIMELINE_KIND_ENDED: TimelineKind

class ServerInfo(_message.Message):
    __slots__ = ("server_id", "version", "runtime_version", "start_time", "uptime", "draining", "limits", "counts", "totals")
    class LimitsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPTIME_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    server_id: str
    version: str
    runtime_version: str
    start_time: _timestamp_pb2.Timestamp
    uptime: _duration_pb2.Duration
    draining: bool
    limits: _containers.ScalarMap[str, int]
    counts: ServerCounts
    totals: ServerTotals
    def __init__(self, server_id: _Optional[str] = ..., version: _Optional[str] = ..., runtime_version: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., uptime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., draining: bool = ..., limits: _Optional[_Mapping[str, int]] = ..., counts: _Optional[_Union[ServerCounts, _Mapping]] = ..., totals: _Optional[_Union[ServerTotals, _Mapping]] = ...) -> None: ...

class ServerCounts(_message.Message):
    __slots__ = ("topics", "producers", "listeners", "pending_requests", "outstanding_assignments", "waiting_assignments", "retained_bytes")
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    PRODUCERS_FIELD_NUMBER: _ClassVar[int]
    LISTENERS_FIELD_NUMBER: _ClassVar[int]
    PENDING_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    WAITING_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    RETAINED_BYTES_FIELD_NUMBER: _ClassVar[int]
    topics: int
    producers: int
    listeners: int
    pending_requests: int
    outstanding_assignments: int
    waiting_assignments: int
    retained_bytes: int
    def __init__(self, topics: _Optional[int] = ..., producers: _Optional[int] = ..., listeners: _Optional[int] = ..., pending_requests: _Optional[int] = ..., outstanding_assignments: _Optional[int] = ..., waiting_assignments: _Optional[int] = ..., retained_bytes: _Optional[int] = ...) -> None: ...

class ServerTotals(_message.Message):
    __slots__ = ("accepted_requests", "rejected_requests", "assignments", "results", "late_results", "duplicate_results", "unknown_results", "cancelled_results", "deliveries", "dropped_deliveries")
    ACCEPTED_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    LATE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_RESULTS_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    DROPPED_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    accepted_requests: int
    rejected_requests: int
    assignments: int
    results: int
    late_results: int
    duplicate_results: int
    unknown_results: int
    cancelled_results: int
    deliveries: int
    dropped_deliveries: int
    def __init__(self, accepted_requests: _Optional[int] = ..., rejected_requests: _Optional[int] = ..., assignments: _Optional[int] = ..., results: _Optional[int] = ..., late_results: _Optional[int] = ..., duplicate_results: _Optional[int] = ..., unknown_results: _Optional[int] = ..., cancelled_results: _Optional[int] = ..., deliveries: _Optional[int] = ..., dropped_deliveries: _Optional[int] = ...) -> None: ...

class TopicInfo(_message.Message):
    __slots__ = ("topic", "producer_count", "listener_count", "pending_count", "epoch", "sequence", "retained_count", "retained_bytes")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_COUNT_FIELD_NUMBER: _ClassVar[int]
    LISTENER_COUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RETAINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RETAINED_BYTES_FIELD_NUMBER: _ClassVar[int]
    topic: str
    producer_count: int
    listener_count: int
    pending_count: int
    epoch: str
    sequence: int
    retained_count: int
    retained_bytes: int
    def __init__(self, topic: _Optional[str] = ..., producer_count: _Optional[int] = ..., listener_count: _Optional[int] = ..., pending_count: _Optional[int] = ..., epoch: _Optional[str] = ..., sequence: _Optional[int] = ..., retained_count: _Optional[int] = ..., retained_bytes: _Optional[int] = ...) -> None: ...

class ProducerInfo(_message.Message):
    __slots__ = ("producer_id", "session_id", "display_name", "labels", "registrations", "max_outstanding", "outstanding_count", "backlog_count", "draining", "answered_count", "failed_count", "missed_count", "latency_p50", "latency_p95", "connect_time", "peer", "registration_count", "principal")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REGISTRATIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_COUNT_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P50_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P95_FIELD_NUMBER: _ClassVar[int]
    CONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    session_id: str
    display_name: str
    labels: _containers.ScalarMap[str, str]
    registrations: _containers.RepeatedCompositeFieldContainer[RegistrationInfo]
    max_outstanding: int
    outstanding_count: int
    backlog_count: int
    draining: bool
    answered_count: int
    failed_count: int
    missed_count: int
    latency_p50: _duration_pb2.Duration
    latency_p95: _duration_pb2.Duration
    connect_time: _timestamp_pb2.Timestamp
    peer: str
    registration_count: int
    principal: str
    def __init__(self, producer_id: _Optional[str] = ..., session_id: _Optional[str] = ..., display_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., registrations: _Optional[_Iterable[_Union[RegistrationInfo, _Mapping]]] = ..., max_outstanding: _Optional[int] = ..., outstanding_count: _Optional[int] = ..., backlog_count: _Optional[int] = ..., draining: bool = ..., answered_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., missed_count: _Optional[int] = ..., latency_p50: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., latency_p95: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., connect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., peer: _Optional[str] = ..., registration_count: _Optional[int] = ..., principal: _Optional[str] = ...) -> None: ...

class RegistrationInfo(_message.Message):
    __slots__ = ("topic", "group")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    topic: str
    group: str
    def __init__(self, topic: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class ListenerInfo(_message.Message):
    __slots__ = ("listener_id", "session_id", "topics", "group", "queued_bytes", "buffer_bytes", "delivered_count", "dropped_count", "connect_time", "peer", "topic_count", "principal")
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    QUEUED_BYTES_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    TOPIC_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    session_id: str
    topics: _containers.RepeatedScalarFieldContainer[str]
    group: str
    queued_bytes: int
    buffer_bytes: int
    delivered_count: int
    dropped_count: int
    connect_time: _timestamp_pb2.Timestamp
    peer: str
    topic_count: int
    principal: str
    def __init__(self, listener_id: _Optional[str] = ..., session_id: _Optional[str] = ..., topics: _Optional[_Iterable[str]] = ..., group: _Optional[str] = ..., queued_bytes: _Optional[int] = ..., buffer_bytes: _Optional[int] = ..., delivered_count: _Optional[int] = ..., dropped_count: _Optional[int] = ..., connect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., peer: _Optional[str] = ..., topic_count: _Optional[int] = ..., principal: _Optional[str] = ...) -> None: ...

class RequestInfo(_message.Message):
    __slots__ = ("request_id", "topic", "accept_time", "ttl", "pending", "summary", "timeline")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIME_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    topic: str
    accept_time: _timestamp_pb2.Timestamp
    ttl: _duration_pb2.Duration
    pending: bool
    summary: _summary_pb2.Summary
    timeline: _containers.RepeatedCompositeFieldContainer[TimelineEvent]
    def __init__(self, request_id: _Optional[str] = ..., topic: _Optional[str] = ..., accept_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., pending: bool = ..., summary: _Optional[_Union[_summary_pb2.Summary, _Mapping]] = ..., timeline: _Optional[_Iterable[_Union[TimelineEvent, _Mapping]]] = ...) -> None: ...

class TimelineEvent(_message.Message):
    __slots__ = ("at", "kind", "producer_id", "attempt", "principal")
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    at: _duration_pb2.Duration
    kind: TimelineKind
    producer_id: str
    attempt: int
    principal: str
    def __init__(self, at: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., kind: _Optional[_Union[TimelineKind, str]] = ..., producer_id: _Optional[str] = ..., attempt: _Optional[int] = ..., principal: _Optional[str] = ...) -> None: ...

class WatchEvent(_message.Message):
    __slots__ = ("time", "producer_changed", "producer_left", "listener_changed", "listener_left", "request_accepted", "request_ended", "server", "lost_count", "topic", "principal")
    TIME_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_LEFT_FIELD_NUMBER: _ClassVar[int]
    LISTENER_CHANGED_FIELD_NUMBER: _ClassVar[int]
    LISTENER_LEFT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ENDED_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    LOST_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    producer_changed: ProducerInfo
    producer_left: str
    listener_changed: ListenerInfo
    listener_left: str
    request_accepted: _request_pb2.Acceptance
    request_ended: _summary_pb2.Summary
    server: ServerInfo
    lost_count: int
    topic: str
    principal: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., producer_changed: _Optional[_Union[ProducerInfo, _Mapping]] = ..., producer_left: _Optional[str] = ..., listener_changed: _Optional[_Union[ListenerInfo, _Mapping]] = ..., listener_left: _Optional[str] = ..., request_accepted: _Optional[_Union[_request_pb2.Acceptance, _Mapping]] = ..., request_ended: _Optional[_Union[_summary_pb2.Summary, _Mapping]] = ..., server: _Optional[_Union[ServerInfo, _Mapping]] = ..., lost_count: _Optional[int] = ..., topic: _Optional[str] = ..., principal: _Optional[str] = ...) -> None: ...
