"""Names of enum values without the prefix that protobuf style requires."""

from __future__ import annotations

from typing import Any


class EnumNames:
    """The short names of one enum, by number."""

    def __init__(self, enum: Any) -> None:
        prefix = _prefix(enum)
        self._names = {number: name.removeprefix(prefix) for name, number in enum.items()}

    def of(self, number: int) -> Any:
        """Returns the short name; UNSPECIFIED for a number that this version does not know."""
        return self._names.get(number, "UNSPECIFIED")


def enum_number(enum: Any, name: str) -> Any:
    """Returns the number of a short name.

    Raises:
        ValueError: The enum has no such name.
    """
    return enum.Value(_prefix(enum) + name)


def _prefix(enum: Any) -> str:
    first: str = enum.keys()[0]
    return first.removesuffix("UNSPECIFIED")
