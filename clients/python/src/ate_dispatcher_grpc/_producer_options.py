"""The options of a producer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ate_dispatcher_grpc.errors import invalid_argument

ProducerTopic = Union[str, tuple[str, str]]
"""A topic or pattern, or a pair of it and a group; members of one group share the work."""


@dataclass(frozen=True)
class ProducerOptions:
    """Who answers, and how much at a time."""

    topics: Sequence[ProducerTopic]
    concurrency: int
    """How many requests are worked on at a time; 0 for the server's default."""
    max_backlog: int = 0
    id: str = ""
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    report_dispositions: bool = False


def check_concurrency(concurrency: int) -> int:
    """Returns it.

    Raises:
        InvalidArgumentError: it is no whole number from 1.
    """
    if isinstance(concurrency, int) and not isinstance(concurrency, bool) and 1 <= concurrency < 2**32:
        return concurrency
    raise invalid_argument("concurrency", f"is {concurrency!r}; it is a whole number from 1")
