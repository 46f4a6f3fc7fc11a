"""Which connection the next call uses, for threads and asyncio.

gRPC uses one connection per channel. A peer admits a limited number of streams per connection and tells gRPC, but gRPC
does not tell the program: further calls wait in silence. So this module counts the calls of each channel. A channel
gets no more than MAX_CALLS, which is below the limits of common proxies. A peer with a lower limit is noticed when the
request of a call is not written although requests of other calls on the channel were: then the number of those is the
limit of the channel, and the call moves to another channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from grpc import StatusCode

from ate_dispatcher_grpc._session import with_reason
from ate_dispatcher_grpc.errors import DispatcherError, UnavailableError, unavailable

MAX_CALLS: Final = 90
"""The maximum number of calls at a time on one connection. HAProxy admits 100 by default, nginx 128."""

MAX_CHANNELS: Final = 256
"""The maximum number of connections of one client. Beyond it, calls wait for a stream of the least loaded one."""

OPEN_TIMEOUT: Final = 0.5
"""How long a request may stay unwritten on a connection that works before the call moves to another one, in seconds."""

NOT_READY_CODES: Final = frozenset(
    {StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED}
)
"""A health check that ends with one of these says that there is no working connection."""

READY_POLL_INTERVAL: Final = 0.1
"""The time between two health checks while there is no connection, in seconds."""

# How long a learned limit is believed, in seconds. A stall of this process can look like a limit.
_LIMIT_LIFETIME: Final = 600.0

C = TypeVar("C")


class PooledChannel(Generic[C]):
    """A gRPC channel and its calls."""

    def __init__(self, channel: C, limit: int, limit_ends_at: float) -> None:
        self.channel = channel
        self.calls = 0
        """The calls that have started and not ended."""
        self.written = 0
        """The number of these calls whose request is known to be written."""
        self.is_retired = False
        """Whether further calls use another channel, and this one is closed with its last call."""
        self._proven = 0
        self.limit = limit
        """The maximum number of calls at a time."""
        self.limit_ends_at = limit_ends_at
        """Until when a limit below MAX_CALLS is believed, by the monotonic clock."""

    @property
    def is_proven(self) -> bool:
        """Whether the peer has admitted as many calls at a time before as there are now."""
        return self.calls <= self._proven

    def has_room(self, now: float) -> bool:
        """Returns whether another call may start on this channel."""
        if self.limit < MAX_CALLS and now >= self.limit_ends_at:
            self.limit = MAX_CALLS
        return not self.is_retired and self.calls < self.limit

    def call_written(self) -> None:
        """Records that the request of a call is on the wire."""
        self.written += 1
        self._proven = max(self._proven, self.written)

    def call_ended(self, was_written: bool, is_connected: bool) -> None:
        """Records the end of a call."""
        self.calls -= 1
        self.written -= was_written
        if not is_connected:
            # The channel reconnects, perhaps to a peer with another limit.
            self._proven = 0

    def limit_reached(self, now: float) -> None:
        """Records that the peer admits no further calls."""
        self.limit = max(1, self.written)
        self._proven = min(self._proven, self.limit)
        self.limit_ends_at = now + _LIMIT_LIFETIME


class Channels(Generic[C]):
    """The channels of one client. Not thread-safe: the owner holds a lock."""

    def __init__(self, open_channel: Callable[[], C], close_channel: Callable[[C], object]) -> None:
        self._open = open_channel
        self._close = close_channel
        self._channels: list[PooledChannel[C]] = []

    def primary(self) -> PooledChannel[C]:
        """Returns the first channel that may be used."""
        for each in self._channels:
            if not each.is_retired:
                return each
        return self._add()

    def take(self, now: float) -> PooledChannel[C]:
        """Returns the channel for a call, and counts the call."""
        pooled = next((each for each in self._channels if each.has_room(now)), None)
        if pooled is None and len(self._channels) >= MAX_CHANNELS:
            usable = [each for each in self._channels if not each.is_retired] or self._channels
            pooled = min(usable, key=lambda each: each.calls)
        pooled = pooled or self._add()
        pooled.calls += 1
        return pooled

    def retire(self, pooled: PooledChannel[C]) -> None:
        """Directs further calls to another channel; calls that run continue."""
        pooled.is_retired = True
        self.release_idle()

    def release_idle(self) -> None:
        """Closes the retired channels without calls, and all other idle channels but one."""
        spare: PooledChannel[C] | None = None
        for each in [each for each in self._channels if each.calls == 0]:
            if spare is None and not each.is_retired:
                spare = each
            elif each.is_retired or len(self._channels) > 1:
                self._channels.remove(each)
                self._close(each.channel)

    def all(self) -> list[C]:
        """Returns all channels."""
        return [each.channel for each in self._channels]

    def _add(self) -> PooledChannel[C]:
        limit, limit_ends_at = MAX_CALLS, 0.0
        if self._channels:
            # The peer of a further connection is most likely the same.
            limit, limit_ends_at = self._channels[-1].limit, self._channels[-1].limit_ends_at
        pooled = PooledChannel(self._open(), limit, limit_ends_at)
        self._channels.append(pooled)
        return pooled


def not_ready(address: str, seconds: float, reason: DispatcherError | None) -> UnavailableError:
    """Returns the error for a client that was not connected in time."""
    text = f"not connected to {address} within {seconds:g} s"
    return unavailable(with_reason(text, reason), "NOT_CONNECTED")


def no_answer(address: str, seconds: float, is_written: bool) -> DispatcherError:
    """Returns the error for a call that got no answer in time; says whether there was a connection."""
    if is_written:
        return unavailable(
            f"no response from {address} within {seconds:g} s; the request was sent", "NO_ANSWER"
        )
    return unavailable(
        f"not connected to {address} within {seconds:g} s; the request was not sent", "NOT_CONNECTED"
    )
