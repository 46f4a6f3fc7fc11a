"""Delays between attempts to reconnect."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from ate_dispatcher_grpc.errors import invalid_argument


@dataclass(frozen=True)
class Reconnect:
    """The delays between attempts to reconnect: exponential, with jitter.

    Raises InvalidArgumentError if a value is out of range.
    """

    initial_delay: float = 0.1
    """The first delay, in seconds; above 0. Default 0.1."""
    max_delay: float = 10.0
    """The maximum delay, in seconds; at least `initial_delay`. Default 10."""
    multiplier: float = 1.6
    """The ratio of each delay to the one before; at least 1. Default 1.6."""
    jitter: float = 0.2
    """The fraction by which each delay varies at random, from 0 to 1, so that clients do not reconnect in step.

    Default 0.2.
    """

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise invalid_argument(f"reconnect.{name}", f"is {value!r}; it must be a number")
        if not 0 < self.initial_delay <= self.max_delay < math.inf:
            raise invalid_argument(
                "reconnect.initial_delay", "must be above 0 and at most max_delay; both finite"
            )
        if not 1 <= self.multiplier < math.inf:
            raise invalid_argument("reconnect.multiplier", "must be at least 1")
        if not 0 <= self.jitter <= 1:
            raise invalid_argument("reconnect.jitter", "must be from 0 to 1")


class Backoff:
    """Computes the delays that Reconnect describes."""

    def __init__(self, options: Reconnect, draw: Callable[[], float] = random.random) -> None:
        self._options = options
        self._draw = draw
        self._delay = options.initial_delay

    def next(self) -> float:
        """Returns the next delay, in seconds."""
        delay = self._delay
        self._delay = min(delay * self._options.multiplier, self._options.max_delay)
        return delay * (1 + self._options.jitter * (2 * self._draw() - 1))

    def reset(self) -> None:
        """Starts again with the initial delay."""
        self._delay = self._options.initial_delay
