"""The protocol of a listener, without threads, tasks or I/O."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Literal, Union

from google.protobuf.message import DecodeError

from ate_dispatcher_grpc._cursors import Cursors
from ate_dispatcher_grpc._fields import check_size, enum_field, set_field
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import listener_pb2 as wire
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.dispatcher_service_pb2 import ListenRequest, SubscribeRequest
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Cursor, GoAway, Heartbeat
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.summary_pb2 import Summary as SummaryMessage
from ate_dispatcher_grpc._listener_topics import ListenerTopics
from ate_dispatcher_grpc._parts import MAX_MESSAGE_BYTES, OVERHEAD_BYTES, split, split_topics
from ate_dispatcher_grpc._session import SessionPort, undecodable_event
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import DispatcherError
from ate_dispatcher_grpc.results import Gap, Summary, decode_gap, decode_summary
from ate_dispatcher_grpc.status import Fault, GoingAway, Ready

_SKIPPABLE_EVENTS: Final = frozenset({"summary", "gap", "heartbeat", "go_away"})

ListenerItem = Union[ResultDelivery, Summary, Gap]
"""What a listener receives: results, gaps where deliveries were lost, and summaries if requested."""

OverflowAction = Literal["DROP_OLDEST", "DISCONNECT"]
"""What the server does when a listener reads too slowly.

DROP_OLDEST drops the oldest deliveries and sends a gap. DISCONNECT ends the stream.
"""


@dataclass(frozen=True)
class ListenerOptions:
    """The options of a listener."""

    topics: Sequence[str]
    id: str = ""
    group: str = ""
    include_late: bool = False
    include_summaries: bool = False
    overflow_action: OverflowAction | None = None
    buffer_bytes: int = 0


class ListenerCore:
    """Decodes the events of a listener's stream and tracks its topics and positions."""

    def __init__(self, options: ListenerOptions, port: SessionPort) -> None:
        self._options = options
        self._port = port
        self._topics = ListenerTopics(check_patterns(options.topics, "listen.topics"))
        self._cursors = Cursors()
        # An id that the server assigned is kept, so that a new session replaces one on a dead connection even before
        # the server notices the loss.
        self._id = options.id
        self._accepts_changes = False
        # Before Ready, an update would count as a part of the ListenRequest, and after go_away nothing new is sent.
        self._unsent: list[bytes] = []

    def listen(self) -> list[bytes]:
        """Returns the first messages of a new stream: the topics and cursors, in parts that any server accepts.

        Raises:
            InvalidArgumentError: An option cannot be encoded, or is too long for any server.
        """
        self._accepts_changes = False
        self._unsent.clear()
        self._topics.stream_started()
        options = self._options
        listen = ListenRequest()
        for name, value in {
            "listener_id": self._id,
            "include_late": options.include_late,
            "include_summaries": options.include_summaries,
            "buffer_bytes": options.buffer_bytes,
            "group": options.group,
        }.items():
            set_field(listen, name, value, "listen")
        action = options.overflow_action or "UNSPECIFIED"
        listen.overflow_action = enum_field(wire.OverflowAction, action, "listen.overflow_action")
        check_size(listen, "listen")
        budget = MAX_MESSAGE_BYTES - OVERHEAD_BYTES - listen.ByteSize()
        items: list[str | Cursor] = [*self._topics.current(), *self._cursors.resume_points()]
        first, *further = split(items, _size, budget)
        listen.topics.extend(each for each in first if isinstance(each, str))
        listen.resume_from.extend(each for each in first if isinstance(each, Cursor))
        listen.cursors_follow = bool(further)
        messages = [SubscribeRequest(listen=listen).SerializeToString()]
        for number, part in enumerate(further, 1):
            update = wire.TopicsUpdate(
                add_topics=[each for each in part if isinstance(each, str)],
                resume_from=[each for each in part if isinstance(each, Cursor)],
                cursors_follow=number < len(further),
            )
            messages.append(SubscribeRequest(update=update).SerializeToString())
        return messages

    def receive(self, message: bytes) -> list[ListenerItem]:
        """Handles one SubscribeResponse; returns the items for the owner, in order."""
        items: list[ListenerItem] = []
        for event in view.EventBatch.FromString(message).events:
            try:
                self._handle(event, items)
            except (DecodeError, ValueError, OverflowError) as error:
                # Otherwise one event that cannot be decoded would end the stream again after each reconnect.
                if event.WhichOneof("event") not in _SKIPPABLE_EVENTS:
                    raise
                self._port.report_status(Fault(undecodable_event(error)))
        return items

    def add(self, topics: Sequence[str]) -> tuple[list[bytes], Future[None]]:
        """Returns the messages that add topics, and a future that the confirmation settles."""
        added, done = self._topics.add(check_patterns(topics, "update.add_topics"))
        updates = [wire.TopicsUpdate(add_topics=part) for part in split_topics(added)]
        return self._updates(updates), done

    def remove(self, topics: Sequence[str]) -> tuple[list[bytes], Future[None]]:
        """Returns the messages that remove topics, and a future that the confirmation settles."""
        removed, done = self._topics.remove(topics)
        updates = [wire.TopicsUpdate(remove_topics=part) for part in split_topics(removed)]
        return self._updates(updates), done

    def session_ended(self, error: DispatcherError) -> None:
        """Fails the changes that are still unconfirmed: no further stream follows."""
        self._topics.fail_pending(error)

    def _updates(self, updates: list[wire.TopicsUpdate]) -> list[bytes]:
        messages = [SubscribeRequest(update=update).SerializeToString() for update in updates]
        if self._accepts_changes:
            return messages
        self._unsent += messages
        return []

    def _handle(self, event: view.Event, items: list[ListenerItem]) -> None:
        kind = event.WhichOneof("event")
        if kind == "delivery":
            if self._cursors.take(event.delivery.topic, event.delivery.sequence):
                items.append(ResultDelivery(event.delivery))
        elif kind == "summary":
            items.append(decode_summary(SummaryMessage.FromString(event.summary)))
        elif kind == "heartbeat":
            heartbeat = Heartbeat.FromString(event.heartbeat)
            self._cursors.advance(heartbeat.cursors)
            self._port.set_heartbeat_interval(seconds_of(heartbeat.interval))
        elif kind == "gap":
            items.append(self._gap(decode_gap(wire.Gap.FromString(event.gap))))
        elif kind == "ready":
            self._ready(wire.Ready.FromString(event.ready))
        elif kind == "topics_changed":
            self._topics_changed(wire.TopicsChanged.FromString(event.topics_changed))
        elif kind == "go_away":
            self._accepts_changes = False
            self._port.report_status(GoingAway(seconds_of(GoAway.FromString(event.go_away).grace)))

    def _ready(self, ready: wire.Ready) -> None:
        self._id = ready.listener_id
        self._accepts_changes = True
        for update in self._unsent:
            self._port.send(update)
        self._unsent.clear()
        self._cursors.stream_started(ready.cursors)
        self._topics.stream_is_live()
        status = Ready(ready.listener_id, ready.session_id, ready.server_id)
        self._port.session_live(status, seconds_of(ready.heartbeat_interval))

    def _topics_changed(self, change: wire.TopicsChanged) -> None:
        self._topics.apply_confirmation(change)
        self._cursors.advance(change.cursors)
        if change.removed:
            self._cursors.retain(self._topics.current())

    def _gap(self, gap: Gap) -> Gap:
        if gap.reason == "EPOCH_CHANGED":
            self._cursors.epoch_changed(gap.topic)
        else:
            self._cursors.skip(gap.topic, gap.last)
        return gap


def _size(item: str | Cursor) -> int:
    return len(item.encode()) if isinstance(item, str) else item.ByteSize()
