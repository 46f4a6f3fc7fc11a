"""The state of a gather, without threads, tasks or I/O."""

from __future__ import annotations

from collections import deque

from google.protobuf.message import DecodeError

from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2, summary_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Heartbeat
from ate_dispatcher_grpc._session import undecodable_event
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import DispatcherError, unavailable
from ate_dispatcher_grpc.results import Acceptance, Summary, decode_acceptance, decode_summary


class GatherCore:
    """The acceptance, the unread results in order, and the summary or error of one request."""

    def __init__(self) -> None:
        self.acceptance: Acceptance | None = None
        self.results: deque[ResultDelivery] = deque()
        self.summary: Summary | None = None
        self.error: DispatcherError | None = None
        self.heartbeat_interval = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the gather has ended, with a summary or an error."""
        return self.summary is not None or self.error is not None

    def receive(self, message: bytes) -> None:
        """Handles one GatherResponse. One that cannot be decoded is the error of the gather."""
        try:
            self._receive(message)
        except (DecodeError, ValueError, OverflowError) as error:
            self.fail(undecodable_event(error))

    def _receive(self, message: bytes) -> None:
        for event in view.EventBatch.FromString(message).events:
            kind = event.WhichOneof("event")
            if kind == "delivery":
                self.results.append(ResultDelivery(event.delivery))
            elif kind == "acceptance":
                self.acceptance = decode_acceptance(request_pb2.Acceptance.FromString(event.acceptance))
            elif kind == "summary":
                self.summary = decode_summary(summary_pb2.Summary.FromString(event.summary))
            elif kind == "heartbeat":
                self.heartbeat_interval = seconds_of(Heartbeat.FromString(event.heartbeat).interval)

    def fail(self, error: DispatcherError | None) -> None:
        """Records the end of the stream; without `error` and without a summary it is an UnavailableError."""
        if self.summary is None and self.error is None:
            self.error = error or unavailable("the stream ended without a summary", "STREAM_ENDED")
