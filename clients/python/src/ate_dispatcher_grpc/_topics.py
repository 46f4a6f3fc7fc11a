"""Checks and matches topics and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ate_dispatcher_grpc.errors import invalid_argument

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\Z")
_MAX_BYTES = 255


def check_patterns(patterns: Iterable[str], field: str) -> tuple[str, ...]:
    """Returns the patterns if all are well-formed. Error messages call them `field`.

    Raises:
        InvalidArgumentError: A pattern is malformed. The server would end the session for it.
    """
    if isinstance(patterns, str):
        raise invalid_argument(field, f"is the string {patterns!r}; use a list of strings")
    checked = tuple(patterns)
    for pattern in checked:
        if not _is_pattern(pattern):
            rule = "use tokens of A-Z a-z 0-9 _ - joined by dots, `*` for any token, a final `>` for the rest"
            raise invalid_argument(field, f"has {pattern!r}; {rule}")
    return checked


def _is_pattern(pattern: str) -> bool:
    if not isinstance(pattern, str) or not 0 < len(pattern) <= _MAX_BYTES:
        return False
    *tokens, last = pattern.split(".")
    return all(token == "*" or _TOKEN.match(token) for token in tokens) and (
        last in ("*", ">") or _TOKEN.match(last) is not None
    )


def matches(pattern: str, topic: str) -> bool:
    """Returns whether a pattern matches a topic."""
    expected, given = pattern.split("."), topic.split(".")
    if expected[-1] == ">":
        expected.pop()
        if len(given) <= len(expected):
            return False
        given = given[: len(expected)]
    return len(expected) == len(given) and all(
        token in ("*", g) for token, g in zip(expected, given, strict=True)
    )
