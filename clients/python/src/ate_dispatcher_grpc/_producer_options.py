"""The options of a producer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ate_dispatcher_grpc.errors import invalid_argument

ProducerTopic = Union[str, tuple[str, str]]
"""A topic or pattern, or a pair of a topic or pattern and a group. Each request goes to one member of a group."""


@dataclass(frozen=True)
class ProducerOptions:
    """The options of a producer."""

    topics: Sequence[ProducerTopic]
    concurrency: int
    """Maximum number of handlers that run at the same time; 0 for the server's default."""
    max_backlog: int = 0
    id: str = ""
    display_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    report_dispositions: bool = False


def check_concurrency(concurrency: int) -> int:
    """Returns `concurrency` if it is valid.

    Raises:
        InvalidArgumentError: It is not an integer of at least 1.
    """
    if isinstance(concurrency, int) and not isinstance(concurrency, bool) and 1 <= concurrency < 2**32:
        return concurrency
    raise invalid_argument("concurrency", f"is {concurrency!r}; it must be an integer of at least 1")
