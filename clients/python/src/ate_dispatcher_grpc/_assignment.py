"""One request as its producer's handler sees it, without what makes it threaded or asynchronous."""

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
    """The topic that was asked; with a registered pattern, the concrete one."""
    request_id: str
    """The same for all producers that were asked."""
    assignment_id: str
    attempt: int
    """From 1; more after another member of the group departed with the work undone."""
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    data: bytes
    """Opaque payload; empty if there is none."""
    content_type: str
    """Media type of `data`; may be empty."""
    attributes: Mapping[str, str]
    """The requester's annotations."""
    context: Mapping[str, str]
    """Trace context; empty if the requester sent none."""

    def __init__(self, assignment: view.Assignment, now: float) -> None:
        try:
            request = view.Request.FromString(assignment.request)
            self.args = decode_list(request.args)
            self.kwargs = decode_struct(request.kwargs)
            self._expires_at = now + seconds_of(Duration.FromString(assignment.ttl))
        except (DecodeError, ValueError) as cause:
            details = f"the request cannot be decoded: {cause}"
            raise DispatcherError(
                StatusCode.INVALID_ARGUMENT, details, reason="UNDECODABLE_REQUEST"
            ) from cause
        self.topic = request.topic
        self.data = request.data
        self.content_type = request.content_type
        self.attributes = dict(request.attributes)
        self.request_id = assignment.request_id
        self.assignment_id = assignment.assignment_id
        self.attempt = assignment.attempt
        self.context = dict(assignment.context)
        self._revocation: RevokedError | None = None

    def remaining(self) -> float:
        """Returns the seconds left of the TTL, by the local monotonic clock; 0 when over."""
        return max(0.0, self._expires_at - time.monotonic())

    @property
    def revocation(self) -> RevokedError | None:
        """Why the result is wanted no longer, or None while it is.

        What is still returned or sent after EXPIRED, COMPLETED, REQUESTED or CALLER_GONE is disposed as LATE or
        CANCELLED, and heard only by listeners that include late results. After SHUTDOWN, SESSION_LOST and CLOSED it
        goes nowhere; so does whatever is raised after a revocation.
        """
        return self._revocation

    def raise_if_revoked(self) -> None:
        """Gives up if the result is wanted no longer.

        Raises:
            RevokedError: the revocation.
        """
        if self._revocation is not None:
            raise self._revocation

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.assignment_id} on {self.topic!r}, args={self.args!r}>"
