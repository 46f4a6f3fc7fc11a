"""The state of a gather, without threads, tasks or I/O."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Final

from google.protobuf.message import DecodeError

from ate_dispatcher_grpc._channels import no_answer
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import request_pb2, summary_pb2
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Heartbeat
from ate_dispatcher_grpc._session import FIRST_MESSAGE_TIMEOUT, silence_limit, undecodable_event
from ate_dispatcher_grpc._time import RESERVE, answer_limit, seconds_of
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import DispatcherError, unavailable
from ate_dispatcher_grpc.options import GatherOptions
from ate_dispatcher_grpc.results import Acceptance, Summary, decode_acceptance, decode_summary

# How long a message that has arrived may take to be read after the TTL, in seconds.
_MIN_WAIT: Final = 0.2


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


class GatherLimits:
    """How long a gather waits for its next message.

    Without a message it ends after twice the heartbeat interval, and in any case when its TTL and the reserve are over.
    The TTL begins with the acceptance: a busy server takes up a request late. A timeout begins with the gather.
    Time that the program does not read counts only until the TTL ends: what has arrived by then can still be read.
    """

    def __init__(self, address: str, options: GatherOptions) -> None:
        self._address = address
        timeout = options.get("timeout")
        self._started_at = time.monotonic()
        self._timeout = math.inf if timeout is None else max(timeout, 0.0) + RESERVE
        self._limit = answer_limit(options.get("ttl"), timeout)
        self._ends_at = self._started_at + self._limit
        self._silence_limit = FIRST_MESSAGE_TIMEOUT
        self._is_accepted = False

    def message_received(self, core: GatherCore) -> None:
        """Takes the TTL from the acceptance, and the interval from heartbeats."""
        if core.heartbeat_interval > 0:
            self._silence_limit = silence_limit(core.heartbeat_interval)
        if core.acceptance is not None and not self._is_accepted:
            self._is_accepted = True
            ttl = core.acceptance.ttl + RESERVE
            self._limit = min(time.monotonic() - self._started_at + ttl, self._timeout)
            self._ends_at = self._started_at + self._limit

    def wait_limit(self) -> float:
        """Returns how long to wait for the next message, in seconds."""
        return min(self._silence_limit, max(_MIN_WAIT, self._ends_at - time.monotonic()))

    def overdue(self, is_written: bool) -> DispatcherError | None:
        """Returns the error for a gather whose time is over; None if it is not over."""
        if time.monotonic() < self._ends_at:
            return None
        if not self._is_accepted:
            return no_answer(self._address, self._limit, is_written)
        return unavailable(f"no summary within {self._limit:g} s; the request was accepted", "NO_ANSWER")
