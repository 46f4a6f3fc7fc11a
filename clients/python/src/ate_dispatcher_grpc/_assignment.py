"""The part of an assignment that the thread and asyncio clients share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from google.protobuf.message import DecodeError
from grpc import StatusCode

from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.google.protobuf.duration_pb2 import Duration
from ate_dispatcher_grpc._json import Json, decode_list, decode_struct
from ate_dispatcher_grpc._time import seconds_of
from ate_dispatcher_grpc.errors import DispatcherError, RevokedError


class BaseAssignment:
    """One producer's copy of a request."""

    topic: str
    """The topic of the request. It has no wildcards, even if the producer registered a pattern."""
    request_id: str
    """The same for all producers that got the request."""
    requester: str
    """The principal whose request it is, as the dispatcher authenticated it; empty if the requester is anonymous."""
    assignment_id: str
    """Unique for the lifetime of the server."""
    attempt: int
    """1, or more if other members of the group got the request before and departed without an answer."""
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    data: bytes
    """An opaque payload; empty if the request has none."""
    content_type: str
    """Media type of `data`; may be empty."""
    attributes: Mapping[str, str]
    """The caller's annotations."""
    context: Mapping[str, str]
    """Trace context; empty if the caller sent none."""

    def __init__(self, assignment: view.Assignment, now: float) -> None:
        try:
            request = view.Request.FromString(assignment.request)
            self.args = decode_list(request.args)
            self.kwargs = decode_struct(request.kwargs)
            self._expires_at = now + seconds_of(Duration.FromString(assignment.ttl))
        except (DecodeError, ValueError) as cause:
            details = f"cannot decode the request: {cause}"
            raise DispatcherError(
                StatusCode.INVALID_ARGUMENT, details, reason="UNDECODABLE_REQUEST"
            ) from cause
        self.topic = request.topic
        self.data = request.data
        self.content_type = request.content_type
        self.attributes = dict(request.attributes)
        self.request_id = assignment.request_id
        self.requester = assignment.requester
        self.assignment_id = assignment.assignment_id
        self.attempt = assignment.attempt
        self.context = dict(assignment.context)
        self._revocation: RevokedError | None = None

    def remaining(self) -> float:
        """Returns the rest of the TTL in seconds, by the local monotonic clock; 0 after expiry."""
        return max(0.0, self._expires_at - time.monotonic())

    @property
    def revocation(self) -> RevokedError | None:
        """Why the assignment was revoked; None while its result is still needed.

        After EXPIRED, COMPLETED, REQUESTED or CALLER_GONE, results are still sent. They get the disposition LATE or
        CANCELLED, and only listeners that include late results receive them. After SHUTDOWN, SESSION_LOST or CLOSED,
        results are dropped. Exceptions after a revocation are always dropped.
        """
        return self._revocation

    def raise_if_revoked(self) -> None:
        """Raises the revocation if the assignment was revoked.

        Raises:
            RevokedError: The assignment was revoked.
        """
        if self._revocation is not None:
            raise self._revocation

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.assignment_id} on {self.topic!r}, args={self.args!r}>"
