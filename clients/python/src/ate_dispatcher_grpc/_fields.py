"""Writes the fields of messages. A value that cannot be sent is an error that names its field as the server does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from ate_dispatcher_grpc._enums import enum_number
from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc._parts import ITEM_OVERHEAD_BYTES, MAX_MESSAGE_BYTES, OVERHEAD_BYTES
from ate_dispatcher_grpc.errors import invalid_argument

_T = TypeVar("_T")

_MAX_BYTES: Final = MAX_MESSAGE_BYTES - OVERHEAD_BYTES - ITEM_OVERHEAD_BYTES


def checked(path: str, write: Callable[[], _T]) -> _T:
    """Returns what `write` returns.

    Raises:
        InvalidArgumentError: `write` failed, since the value cannot be encoded. The error names `path`.
    """
    try:
        return write()
    except (TypeError, ValueError, AttributeError) as error:
        raise invalid_argument(path, f"cannot be encoded: {printable(error)}") from error


def set_field(message: Any, name: str, value: Any, path: str) -> None:
    """Sets a field unless `value` is None; `path` is the path of the message. Raises as `checked` does."""
    if value is not None:
        checked(f"{path}.{name}", lambda: setattr(message, name, value))


def enum_field(enum: Any, name: str, path: str) -> Any:
    """Returns the number of the short name of an enum value. Raises as `checked` does."""
    return checked(path, lambda: enum_number(enum, name))


def strings(values: Sequence[str], path: str) -> tuple[str, ...]:
    """Returns a list of strings as a tuple.

    Raises:
        InvalidArgumentError: It is one string, whose characters would become the items, or no sequence.
    """
    if isinstance(values, str):
        raise invalid_argument(path, f"is the string {printable(repr(values))}; use a list of strings")
    return checked(path, lambda: tuple(values))


def check_size(message: Message, path: str) -> None:
    """Checks a message that cannot be split.

    Raises:
        InvalidArgumentError: It exceeds what every server accepts. The error names its largest field.
    """
    size = message.ByteSize()
    if size > _MAX_BYTES:
        largest, _ = max(message.ListFields(), key=lambda each: len(str(each[1])))
        text = f"is too long: its message has {size:,} bytes, and at most {_MAX_BYTES:,} are allowed"
        raise invalid_argument(f"{path}.{largest.name}", text)
