"""The protocol of a listener, without threads, tasks or I/O."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Literal, Union

from google.protobuf.message import DecodeError

from ate_dispatcher_grpc._cursors import Cursors
from ate_dispatcher_grpc._enums import enum_number
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import listener_pb2 as wire
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.dispatcher_service_pb2 import ListenRequest, SubscribeRequest
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import GoAway, Heartbeat
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.summary_pb2 import Summary as SummaryMessage
from ate_dispatcher_grpc._listener_topics import ListenerTopics
from ate_dispatcher_grpc._session import SessionPort, undecodable_event
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc._topics import check_patterns
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import DispatcherError, invalid_argument
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
        self._topics = ListenerTopics(check_patterns(options.topics, "topics"))
        self._cursors = Cursors()
        # An id that the server assigned is kept, so that a new session replaces one on a dead connection even before
        # the server notices the loss.
        self._id = options.id

    def listen(self) -> bytes:
        """Returns the first message of a new stream.

        Raises:
            InvalidArgumentError: An option cannot be encoded.
        """
        self._topics.stream_started()
        options = self._options
        try:
            action = enum_number(wire.OverflowAction, options.overflow_action or "UNSPECIFIED")
            listen = ListenRequest(
                listener_id=self._id,
                topics=self._topics.current(),
                resume_from=self._cursors.resume_points(),
                include_late=options.include_late,
                include_summaries=options.include_summaries,
                overflow_action=action,
                buffer_bytes=options.buffer_bytes,
                group=options.group,
            )
        except (TypeError, ValueError) as error:
            raise invalid_argument("listener", f"has an option that cannot be encoded: {error}") from error
        return SubscribeRequest(listen=listen).SerializeToString()

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

    def add(self, topics: Sequence[str]) -> tuple[bytes | None, Future[None]]:
        """Returns the message that adds topics, if one is needed, and a future that the confirmation settles."""
        update, done = self._topics.add(check_patterns(topics, "topics"))
        return _update(update), done

    def remove(self, topics: Sequence[str]) -> tuple[bytes | None, Future[None]]:
        """Returns the message that removes topics, if one is needed, and a future that the confirmation settles."""
        update, done = self._topics.remove(topics)
        return _update(update), done

    def session_ended(self, error: DispatcherError) -> None:
        """Fails the changes that are still unconfirmed: no further stream follows."""
        self._topics.fail_pending(error)

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
            self._port.report_status(GoingAway(seconds_of(GoAway.FromString(event.go_away).grace)))

    def _ready(self, ready: wire.Ready) -> None:
        self._id = ready.listener_id
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


def _update(update: wire.TopicsUpdate | None) -> bytes | None:
    return None if update is None else SubscribeRequest(update=update).SerializeToString()
