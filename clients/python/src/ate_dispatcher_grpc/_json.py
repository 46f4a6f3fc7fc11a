"""Encodes Python values as google.protobuf.Value, ListValue and Struct, and decodes them without loss.

The generated code cannot do this: its maps do not keep the order of keys. So this module reads and writes the wire
format itself. A value that JSON cannot represent exactly is rejected with its path. Numbers without a fraction decode
as int up to 2**53, where a double still represents every integer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from struct import Struct as Format
from typing import Any, Union

from ate_dispatcher_grpc._varint import read_field, read_varint, varint
from ate_dispatcher_grpc.errors import InvalidArgumentError, invalid_argument

Json = Any
"""A decoded value: None, bool, int, float, str, list or dict. Typed as Any, since only the program knows which."""

JsonLike = Union[None, bool, int, float, str, "Sequence[JsonLike]", "Mapping[str, JsonLike]"]
"""A value that can be encoded. Lists and tuples become JSON arrays."""

MAX_EXACT_INT = 2**53
"""Up to this bound a double, and so a JSON number, represents every integer exactly."""

# The maximum nesting of protobuf messages in an encoded value. Decoders in most languages reject more than 100 levels,
# the envelope included. A mapping takes three levels, a list two.
_MAX_SENT_MESSAGES = 90

# The maximum nesting of lists and mappings in a decoded value; far below the recursion limit of the interpreter.
_MAX_READ_DEPTH = 128

_DOUBLE = Format("<d")
_NULL, _TRUE, _FALSE = b"\x08\x00", b"\x20\x01", b"\x20\x00"
_Path = tuple[Union[str, int], ...]


def encode_value(value: JsonLike, root: str) -> bytes:
    """Encodes a Value. Error messages call it `root`.

    Raises:
        InvalidArgumentError: JSON cannot represent the value. The reason is UNSERIALIZABLE_VALUE, and the error names
            the path, for example `kwargs.a[2]`.
    """
    return _value(value, (root,), 1)


def encode_list(values: Sequence[JsonLike], root: str) -> bytes:
    """Encodes a ListValue; raises as encode_value does."""
    if not isinstance(values, (list, tuple)):
        raise _rejection((root,), f"is a {type(values).__name__}; it must be a list or a tuple")
    return _items(values, (root,), 2)


def encode_struct(fields: Mapping[str, JsonLike], root: str) -> bytes:
    """Encodes a Struct; raises as encode_value does."""
    if not isinstance(fields, Mapping):
        raise _rejection((root,), f"is a {type(fields).__name__}; it must be a mapping")
    return _fields(fields, (root,), 3)


def decode_value(data: bytes) -> Json:
    """Decodes a Value; one without a kind is None.

    Raises:
        ValueError: The bytes are malformed.
    """
    return _read_value(data, 0, len(data), 0)


def decode_list(data: bytes) -> list[Json]:
    """Decodes a ListValue; raises as decode_value does."""
    return _read_items(data, 0, len(data), 0)


def decode_struct(data: bytes) -> dict[str, Json]:
    """Decodes a Struct in the order of its keys; the last of duplicate keys wins. Raises as decode_value does."""
    return _read_fields(data, 0, len(data), 0)


def _value(value: JsonLike, path: _Path, depth: int) -> bytes:
    if isinstance(value, str):
        return b"\x1a" + _text(value, path)
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, int):
        if abs(value) > MAX_EXACT_INT:
            raise _rejection(
                path, "is an integer beyond 2**53, which JSON cannot represent exactly; use a string"
            )
        return b"\x11" + _DOUBLE.pack(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _rejection(path, f"is {value}, which JSON cannot represent")
        return b"\x11" + _DOUBLE.pack(value)
    if isinstance(value, (list, tuple)):
        items = _items(value, path, depth + 2)
        return b"\x32" + varint(len(items)) + items
    if isinstance(value, Mapping):
        fields = _fields(value, path, depth + 3)
        return b"\x2a" + varint(len(fields)) + fields
    remedy = "; send it as data" if isinstance(value, (bytes, bytearray, memoryview)) else ""
    raise _rejection(path, f"is a {type(value).__name__}, which JSON cannot represent{remedy}")


def _items(values: Sequence[JsonLike], path: _Path, depth: int) -> bytes:
    _check_depth(path, depth)
    parts: list[bytes] = []
    for index, value in enumerate(values):
        item = _value(value, (*path, index), depth)
        parts += (b"\x0a", varint(len(item)), item)
    return b"".join(parts)


def _fields(fields: Mapping[str, JsonLike], path: _Path, depth: int) -> bytes:
    _check_depth(path, depth)
    parts: list[bytes] = []
    for key, value in fields.items():
        if not isinstance(key, str):
            raise _rejection(path, f"has a key that is a {type(key).__name__}; JSON allows only strings")
        name = b"\x0a" + _text(key, path)
        item = _value(value, (*path, key), depth)
        size = varint(len(item))
        parts += (b"\x0a", varint(len(name) + 1 + len(size) + len(item)), name, b"\x12", size, item)
    return b"".join(parts)


def _text(text: str, path: _Path) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise _rejection(path, "has unpaired surrogates, which UTF-8 cannot represent") from None
    return varint(len(encoded)) + encoded


def _check_depth(path: _Path, depth: int) -> None:
    if depth > _MAX_SENT_MESSAGES:
        raise _rejection(path, "is nested too deeply, or contains itself; send it as data")


def _rejection(path: _Path, why: str) -> InvalidArgumentError:
    field = str(path[0]) + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[1:])
    return invalid_argument(field, why, "UNSERIALIZABLE_VALUE")


def _read_value(data: bytes, at: int, end: int, depth: int) -> Json:
    value: Json = None
    while at < end:
        tag = data[at]
        if tag == 0x1A:
            size, at = read_varint(data, at + 1, end)
            at += size
            value = data[at - size : _within(at, end)].decode()
        elif tag == 0x11:
            at += 9
            value = _number(_DOUBLE.unpack_from(data, _within(at, end) - 8)[0])
        elif tag == 0x20:
            number, at = read_varint(data, at + 1, end)
            value = number != 0
        elif tag == 0x2A:
            size, at = read_varint(data, at + 1, end)
            at += size
            value = _read_fields(data, at - size, _within(at, end), depth + 1)
        elif tag == 0x32:
            size, at = read_varint(data, at + 1, end)
            at += size
            value = _read_items(data, at - size, _within(at, end), depth + 1)
        else:
            field, _, _, at = read_field(data, at, end)
            value = None if field == 1 else value
    return value


def _read_items(data: bytes, at: int, end: int, depth: int) -> list[Json]:
    _check_read_depth(depth)
    values: list[Json] = []
    while at < end:
        field, begin, stop, at = read_field(data, at, end)
        if field == 1:
            values.append(_read_value(data, begin, stop, depth))
    return values


def _read_fields(data: bytes, at: int, end: int, depth: int) -> dict[str, Json]:
    _check_read_depth(depth)
    fields: dict[str, Json] = {}
    while at < end:
        field, inner, stop, at = read_field(data, at, end)
        if field != 1:
            continue
        key, value = "", None
        while inner < stop:
            part, begin, last, inner = read_field(data, inner, stop)
            if part == 1:
                key = data[begin:last].decode()
            elif part == 2:
                value = _read_value(data, begin, last, depth)
        fields[key] = value
    return fields


def _number(number: float) -> int | float:
    if number.is_integer() and abs(number) <= MAX_EXACT_INT and (number or math.copysign(1, number) > 0):
        return int(number)
    return number


def _within(at: int, end: int) -> int:
    if at > end:
        raise ValueError("a field is longer than its message")
    return at


def _check_read_depth(depth: int) -> None:
    if depth > _MAX_READ_DEPTH:
        raise ValueError(f"nested deeper than {_MAX_READ_DEPTH} levels")
