"""Topics of any text as topics of the dispatcher, whose names have few characters, and wildcards."""

from __future__ import annotations

import base64
import re

from ate_dispatcher_grpc.errors import invalid_argument

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
_MAX_BYTES = 255
_PREFIX = "py-topic."


def to_wire(topic: str) -> str:
    """Returns the name at the dispatcher: the same if possible, else in base64.

    Raises:
        InvalidArgumentError: it is no text, or too long.
    """
    if not isinstance(topic, str):
        raise invalid_argument("topic", f"is a {type(topic).__name__}; it is a str")
    name = topic
    if not _PLAIN.match(topic) or topic.startswith(_PREFIX):
        encoded = base64.urlsafe_b64encode(topic.encode("utf-8", "surrogatepass")).decode().rstrip("=")
        name = f"{_PREFIX}{encoded or '-'}"
    if len(name) > _MAX_BYTES:
        raise invalid_argument(
            "topic", f"is {len(name)} bytes long as {name[:20]}…; at most {_MAX_BYTES} are possible"
        )
    return name


def from_wire(name: str) -> str:
    """Returns the topic that was meant."""
    if not name.startswith(_PREFIX):
        return name
    encoded = name.removeprefix(_PREFIX)
    if encoded == "-":
        return ""
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "surrogatepass")
    except ValueError:
        return name
