"""A text that no output shows by accident."""

from __future__ import annotations


class Secret(str):
    """A text whose repr hides it: in logs, in tracebacks that show variables, and inside other values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(secret)'"
