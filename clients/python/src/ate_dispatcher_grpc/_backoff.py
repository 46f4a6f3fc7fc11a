"""Delays between tries to reconnect."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from ate_dispatcher_grpc.errors import invalid_argument


@dataclass(frozen=True)
class Reconnect:
    """How long to wait between tries to reconnect."""

    initial_delay: float = 0.1
    """The first delay in seconds; above 0."""
    max_delay: float = 10.0
    """The longest delay in seconds; not below the first."""
    multiplier: float = 1.6
    """How much longer each delay is than the one before; at least 1."""
    jitter: float = 0.2
    """By which share a delay may be longer or shorter at random, from 0 to 1, so that not all return at once."""

    def __post_init__(self) -> None:
        if not 0 < self.initial_delay <= self.max_delay:
            raise invalid_argument("reconnect.initial_delay", "is above 0 and at most max_delay")
        if not self.multiplier >= 1:
            raise invalid_argument("reconnect.multiplier", "is at least 1")
        if not 0 <= self.jitter <= 1:
            raise invalid_argument("reconnect.jitter", "is from 0 to 1")


class Backoff:
    """Exponential delays with jitter."""

    def __init__(self, options: Reconnect, draw: Callable[[], float] = random.random) -> None:
        self._options = options
        self._draw = draw
        self._delay = options.initial_delay

    def next(self) -> float:
        """Returns the next delay in seconds; each is longer than the one before, give or take the jitter."""
        delay = self._delay
        self._delay = min(delay * self._options.multiplier, self._options.max_delay)
        return delay * (1 + self._options.jitter * (2 * self._draw() - 1))

    def reset(self) -> None:
        """Begins anew with the first delay."""
        self._delay = self._options.initial_delay
