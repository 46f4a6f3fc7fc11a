"""Topics and patterns of topics."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ate_dispatcher_grpc.errors import invalid_argument

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\Z")
_MAX_BYTES = 255


def check_patterns(patterns: Iterable[str], field: str) -> tuple[str, ...]:
    """Returns the patterns.

    Raises:
        InvalidArgumentError: one of them is malformed; on a stream it would end the session.
    """
    if isinstance(patterns, str):
        raise invalid_argument(field, f"is the string {patterns!r}; use a list of strings")
    checked = tuple(patterns)
    for pattern in checked:
        if not _is_pattern(pattern):
            wrong = f"has {pattern!r}; use tokens of A-Z a-z 0-9 _ - joined by dots, `*` for one, `>` for the rest"
            raise invalid_argument(field, wrong)
    return checked


def _is_pattern(pattern: str) -> bool:
    if not isinstance(pattern, str) or not 0 < len(pattern) <= _MAX_BYTES:
        return False
    *tokens, last = pattern.split(".")
    return all(token == "*" or _TOKEN.match(token) for token in tokens) and (
        last in ("*", ">") or _TOKEN.match(last) is not None
    )


def matches(pattern: str, topic: str) -> bool:
    """Says whether a pattern covers a topic."""
    wanted, given = pattern.split("."), topic.split(".")
    if wanted[-1] == ">":
        wanted.pop()
        if len(given) <= len(wanted):
            return False
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=True))
