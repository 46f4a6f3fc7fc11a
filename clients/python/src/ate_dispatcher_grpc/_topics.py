"""Checks and matches topics and patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc._fields import strings
from ate_dispatcher_grpc.errors import invalid_argument

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\Z")
_MAX_BYTES = 255
_MAX_PATTERN_TOKENS = 16
_MAX_PATTERN_STARS = 4


def check_patterns(patterns: Sequence[str], field: str) -> tuple[str, ...]:
    """Returns the patterns if all are well-formed; `field` is the path of the list.

    Raises:
        InvalidArgumentError: A pattern is malformed. The error names the first one.
    """
    listed = strings(patterns, field)
    for index, pattern in enumerate(listed):
        check_pattern(pattern, f"{field}[{index}]")
    return listed


def check_pattern(pattern: str, field: str) -> None:
    """Checks one pattern; `field` is its path.

    Raises:
        InvalidArgumentError: It is malformed.
    """
    if not _is_pattern(pattern):
        rule = (
            "use tokens of A-Z a-z 0-9 _ - joined by dots, `*` for any token, a final `>` for the rest; "
            f"with wildcards, at most {_MAX_PATTERN_TOKENS} tokens and {_MAX_PATTERN_STARS} `*`"
        )
        raise invalid_argument(field, f"is {printable(repr(pattern))}; {rule}")


def _is_pattern(pattern: str) -> bool:
    if not isinstance(pattern, str) or not 0 < len(pattern) <= _MAX_BYTES:
        return False
    *tokens, last = pattern.split(".")
    has_wildcard = last in ("*", ">") or "*" in tokens
    if has_wildcard and len(tokens) >= _MAX_PATTERN_TOKENS:
        return False
    if pattern.count("*") > _MAX_PATTERN_STARS:
        return False
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
