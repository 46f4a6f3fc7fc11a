"""The interface between a producer's core and its owner."""

from __future__ import annotations

from typing import Literal, Protocol, TypeVar

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._session import SessionPort
from ate_dispatcher_grpc.errors import DispatcherError

Disposition = Literal["ACCEPTED", "LATE", "DUPLICATE", "UNKNOWN", "CANCELLED", "UNSPECIFIED"]
"""What the server did with a reply.

ACCEPTED: in time. LATE: after the TTL. DUPLICATE: answered before. UNKNOWN: never assigned. CANCELLED: revoked before.
"""

A_contra = TypeVar("A_contra", bound=BaseAssignment, contravariant=True)


class ProducerPort(SessionPort, Protocol[A_contra]):
    """What ProducerCore needs from its owner."""

    def run_handler(self, assignment: A_contra) -> None:
        """Starts the handler of an assignment."""

    def assignment_revoked(self, assignment: A_contra) -> None:
        """Signals that an assignment was revoked; its `revocation` says why."""

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        """Reports the disposition of a reply."""

    def hello_rejected(self, error: DispatcherError) -> None:
        """Ends the stream: the server rejected registrations that belong to the Hello."""

    def drained(self) -> None:
        """Closes this side of the stream: the server has confirmed the drain and ends the stream."""
