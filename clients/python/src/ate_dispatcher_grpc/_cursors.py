"""Where a listener stands in each topic: what is new, and where to resume after a reconnect.

On one stream positions only rise, so one that falls begins a new epoch; one that another stream brought already is a
repetition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Cursor
from ate_dispatcher_grpc._topics import matches

# Beyond it the oldest are forgotten, and begin with what arrives next after a reconnect; it keeps the resuming request
# below the message limit of any server.
MAX_TOPICS = 10_000


@dataclass
class _Position:
    epoch: str
    """The run of the numbering; empty while the server has not said, which it answers with a gap."""
    highest: int
    """The highest position that was taken, on whatever stream."""
    stream_position: int
    """Where the present stream is: in this epoch nothing at or below comes on it any more."""
    is_unconfirmed: bool = False
    """Whether this is only what we resumed from, and the present stream has not confirmed it."""


class Cursors:
    """Positions by topic."""

    def __init__(self) -> None:
        self._positions: dict[str, _Position] = {}

    def resume_points(self) -> list[Cursor]:
        """Returns where to resume on a new stream."""
        for position in self._positions.values():
            position.is_unconfirmed = True
        return [
            Cursor(topic=topic, epoch=position.epoch, sequence=position.highest)
            for topic, position in self._positions.items()
        ]

    def stream_started(self, cursors: Iterable[Cursor]) -> None:
        """Takes from the new stream where topics begin on it."""
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
        """Takes where topics stand: nothing at or below will still arrive."""
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
        """Says whether a delivery is new, and if so takes it; one without a position is always new."""
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
        """Notes that deliveries up to this position are lost."""
        position = self._positions.get(topic)
        if position is None:
            self._remember(topic, _Position("", last, last))
        else:
            position.highest = max(position.highest, last)

    def epoch_changed(self, topic: str) -> None:
        """Notes that what we resumed from is of an earlier epoch; where the new one is may have been told before."""
        position = self._positions.get(topic)
        if position is not None and position.is_unconfirmed:
            del self._positions[topic]

    def retain(self, patterns: Iterable[str]) -> None:
        """Forgets topics that none of these patterns covers."""
        kept = list(patterns)
        for topic in list(self._positions):
            if not any(matches(pattern, topic) for pattern in kept):
                del self._positions[topic]

    def _remember(self, topic: str, position: _Position) -> None:
        if len(self._positions) >= MAX_TOPICS and topic not in self._positions:
            del self._positions[next(iter(self._positions))]
        self._positions[topic] = position
