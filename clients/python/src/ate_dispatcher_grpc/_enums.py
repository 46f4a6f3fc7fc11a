"""Names of enum values without the prefix that protobuf wants."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=256)
def name_of(enum: Any, number: int) -> Any:
    """Returns the short name; UNSPECIFIED for a number that this version does not know."""
    prefix = enum.keys()[0].removesuffix("UNSPECIFIED")
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return "UNSPECIFIED" if value is None else value.name.removeprefix(prefix)


def enum_number(enum: Any, name: str) -> Any:
    """Returns the number of a short name.

    Raises:
        ValueError: there is no such name.
    """
    prefix = enum.keys()[0].removesuffix("UNSPECIFIED")
    return enum.Value(prefix + name)
