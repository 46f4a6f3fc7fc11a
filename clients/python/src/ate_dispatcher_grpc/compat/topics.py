"""Maps topics of any text to topics of the dispatcher, which allows fewer characters and gives some a meaning."""

from __future__ import annotations

import base64
import re

from ate_dispatcher_grpc.errors import invalid_argument

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
_MAX_BYTES = 255
_PREFIX = "py-topic."


def to_wire(topic: str, field: str = "topic") -> str:
    """Returns the topic of the dispatcher: unchanged if the dispatcher allows it, otherwise in base64.

    Error messages call it `field`.

    Raises:
        InvalidArgumentError: The topic is not a str, or is too long.
    """
    if not isinstance(topic, str):
        raise invalid_argument(field, f"is a {type(topic).__name__}; it must be a str")
    name = topic
    if not _PLAIN.match(topic) or topic.startswith(_PREFIX):
        encoded = base64.urlsafe_b64encode(topic.encode("utf-8", "surrogatepass")).decode().rstrip("=")
        name = f"{_PREFIX}{encoded or '-'}"
    if len(name) > _MAX_BYTES:
        raise invalid_argument(
            field, f"is {len(name)} bytes long as {name[:20]}…; at most {_MAX_BYTES} are allowed"
        )
    return name


def from_wire(name: str) -> str:
    """Returns the topic that to_wire mapped to `name`."""
    if not name.startswith(_PREFIX):
        return name
    encoded = name.removeprefix(_PREFIX)
    if encoded == "-":
        return ""
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "surrogatepass")
    except ValueError:
        return name
