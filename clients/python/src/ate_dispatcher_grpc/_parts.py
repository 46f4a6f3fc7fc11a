"""Splits what does not fit into one message. Every server accepts messages of 64 KiB."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""The size that a message may have whatever the limit of the server is."""

OVERHEAD_BYTES: Final = 32
"""At least what the messages around a repeated field add to its items."""

ITEM_OVERHEAD_BYTES: Final = 6
"""At least what an item of a repeated field takes beside its content."""

T = TypeVar("T")


def split(items: Iterable[T], size: Callable[[T], int], first_budget: int) -> list[list[T]]:
    """Splits items into parts in order; the first part takes at most `first_budget` bytes and may be empty."""
    parts: list[list[T]] = [[]]
    budget = first_budget
    for item in items:
        needed = size(item) + ITEM_OVERHEAD_BYTES
        if needed > budget:
            parts.append([])
            budget = MAX_MESSAGE_BYTES - OVERHEAD_BYTES
        budget -= needed
        parts[-1].append(item)
    return parts


def split_topics(topics: Iterable[str]) -> list[list[str]]:
    """Splits topics into parts that each fit into a message; no topics are no parts."""
    parts = split(topics, lambda topic: len(topic.encode()), MAX_MESSAGE_BYTES - OVERHEAD_BYTES)
    return [part for part in parts if part]
