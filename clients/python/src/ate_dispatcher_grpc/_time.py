"""Converts durations and timestamps between protobuf and Python."""

from __future__ import annotations

import math
import threading
from datetime import datetime, timedelta, timezone
from typing import overload

from ate_dispatcher_grpc._gen.google.protobuf.duration_pb2 import Duration
from ate_dispatcher_grpc._gen.google.protobuf.timestamp_pb2 import Timestamp
from ate_dispatcher_grpc.errors import invalid_argument

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The range of google.protobuf.Duration: 10,000 years.
_MAX_SECONDS = 315_576_000_000

# Longer waits raise OverflowError: 292 years on most systems, 49 days on Windows.
_MAX_WAIT = threading.TIMEOUT_MAX

# How long a call waits beyond its TTL for what the server sends at its end, in seconds.
RESERVE = 1.0

# How long a request without a TTL waits for its acceptance, in seconds: the default TTL of a server, and the reserve.
_DEFAULT_ANSWER_LIMIT = 5.0 + RESERVE


@overload
def wait_time(seconds: float) -> float: ...
@overload
def wait_time(seconds: None) -> None: ...
@overload
def wait_time(seconds: float | None) -> float | None: ...
def wait_time(seconds: float | None) -> float | None:
    """Returns a duration that every wait function accepts: neither negative nor too long; None waits for ever."""
    return None if seconds is None else min(max(seconds, 0.0), _MAX_WAIT)


def seconds_of(duration: Duration) -> float:
    """Returns a duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def duration_of(seconds: float, field: str) -> Duration:
    """Returns a Duration of `seconds`. Error messages call it `field`.

    Raises:
        InvalidArgumentError: `seconds` is not a finite number, or beyond 10,000 years.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise invalid_argument(field, f"is a {type(seconds).__name__}; it must be a number of seconds")
    if not math.isfinite(seconds) or abs(seconds) > _MAX_SECONDS:
        raise invalid_argument(field, f"is {seconds}; it must be a finite number of seconds")
    nanos = round(seconds * 1e9)
    whole, rest = divmod(abs(nanos), 1_000_000_000)
    sign = 1 if nanos >= 0 else -1
    return Duration(seconds=sign * whole, nanos=sign * rest)


def answer_limit(ttl: float | None, timeout: float | None) -> float:
    """Returns how long a request waits for its acceptance, in seconds: its TTL and the reserve."""
    limits = [max(each, 0.0) + RESERVE for each in (ttl, timeout) if each is not None]
    return min(limits, default=_DEFAULT_ANSWER_LIMIT)


def datetime_of(timestamp: Timestamp) -> datetime:
    """Returns an instant in UTC, exact to the microsecond."""
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
