"""Tracks a listener's position in each topic: which deliveries are new, and where to resume after a reconnect.

Within one stream the positions of an epoch only increase. A lower position therefore starts a new epoch. A position
that an earlier stream already delivered is a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Cursor
from ate_dispatcher_grpc._topics import matches

# The oldest topics are evicted beyond this number; after a reconnect they start with the next delivery. The limit
# bounds memory and the messages that resume.
MAX_TOPICS = 10_000


@dataclass
class _Position:
    epoch: str
    """The epoch of the numbering; empty while unknown. The server answers an empty epoch with a gap."""
    highest: int
    """The highest position delivered so far, on any stream."""
    stream_position: int
    """The position of the current stream. Within the epoch it delivers only higher positions."""
    is_unconfirmed: bool = False
    """Whether the current stream resumed from this position but has not confirmed it."""


class Cursors:
    """The positions of a listener, by topic."""

    def __init__(self) -> None:
        self._positions: dict[str, _Position] = {}

    def resume_points(self) -> list[Cursor]:
        """Returns the positions from which a new stream resumes."""
        for position in self._positions.values():
            position.is_unconfirmed = True
        return [
            Cursor(topic=topic, epoch=position.epoch, sequence=position.highest)
            for topic, position in self._positions.items()
        ]

    def stream_started(self, cursors: Iterable[Cursor]) -> None:
        """Records the positions at which the topics of a new stream start."""
        known = list(cursors)
        for position in self._positions.values():
            position.stream_position = position.highest
        for cursor in known:
            resumed = self._positions.get(cursor.topic)
            if resumed is not None and resumed.epoch == cursor.epoch:
                resumed.stream_position = cursor.sequence
            else:
                self._positions.pop(cursor.topic, None)
        self.advance(known)

    def advance(self, cursors: Iterable[Cursor]) -> None:
        """Records positions from the server: deliveries at or below them will not arrive any more."""
        for cursor in cursors:
            position = self._positions.get(cursor.topic)
            if position is None or position.epoch not in (cursor.epoch, ""):
                self._remember(cursor.topic, _Position(cursor.epoch, cursor.sequence, cursor.sequence))
                continue
            position.epoch = cursor.epoch
            position.is_unconfirmed = False
            position.highest = max(position.highest, cursor.sequence)
            position.stream_position = max(position.stream_position, cursor.sequence)

    def take(self, topic: str, sequence: int) -> bool:
        """Returns whether a delivery is new, and records it. A delivery without a position (0) is always new."""
        if sequence == 0:
            return True
        position = self._positions.get(topic)
        if position is None:
            self._remember(topic, _Position("", sequence, sequence))
            return True
        if sequence <= position.stream_position:
            position.epoch = ""
            position.highest = 0
        position.stream_position = sequence
        if sequence <= position.highest:
            return False
        position.highest = sequence
        return True

    def skip(self, topic: str, last: int) -> None:
        """Records that deliveries up to the position `last` are lost."""
        position = self._positions.get(topic)
        if position is None:
            self._remember(topic, _Position("", last, last))
        else:
            position.highest = max(position.highest, last)

    def epoch_changed(self, topic: str) -> None:
        """Records that the resumed position belongs to an earlier epoch.

        If the server has already announced a position of the new epoch, the topic starts over from there.
        """
        position = self._positions.get(topic)
        if position is None:
            return
        if position.is_unconfirmed:
            del self._positions[topic]
        else:
            position.highest = position.stream_position

    def retain(self, patterns: Iterable[str]) -> None:
        """Removes the topics that none of these patterns matches."""
        kept = list(patterns)
        for topic in list(self._positions):
            if not any(matches(pattern, topic) for pattern in kept):
                del self._positions[topic]

    def _remember(self, topic: str, position: _Position) -> None:
        if len(self._positions) >= MAX_TOPICS and topic not in self._positions:
            del self._positions[next(iter(self._positions))]
        self._positions[topic] = position
