"""Python values as text that any language can read, and back: JSON in which what JSON lacks is tagged.

| Python                     | JSON                                                                    |
|----------------------------|-------------------------------------------------------------------------|
| None, bool, str, list      | as they are                                                             |
| int                        | a number; beyond 2**53 `{"$int": "0x…"}`, as others would round       |
| float                      | a number with a fraction; nan and inf `{"$float": "nan"}`               |
| dict with keys of text     | an object; `{"$dict": [[key, value], …]}` if a key is none or has a `$` |
| tuple, set, frozenset      | `{"$tuple": […]}`, `{"$set": […]}`, `{"$frozenset": […]}`               |
| bytes, bytearray           | `{"$bytes": "<base64>"}`, `{"$bytearray": "<base64>"}`                  |
| complex, Decimal, Fraction | `{"$complex": [re, im]}`, `{"$decimal": "1.10"}`, `{"$fraction": "0x1/0x3"}` |
| date, time, datetime       | `{"$date": "…"}`, `{"$time": "…"}`, `{"$datetime": ["…", zone or null]}`|
| timedelta                  | `{"$timedelta": [days, seconds, microseconds]}`                         |
| UUID                       | `{"$uuid": "…"}`                                                        |
| what register_type added   | `{"$<tag>": …}`                                                         |

A zone of zoneinfo stays one; others come back as their offset. Only these exact types are taken, so that a value is at
its receiver what it was at its sender, or refused at once. Nothing is ever executed or imported on the way back; an
unknown tag is an error.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from ate_dispatcher_grpc._json import MAX_EXACT_INT

CONTENT_TYPE = "application/vnd.ate-dispatcher.python+json"
"""The content type of `data` that holds such text."""

# How deep plain JSON may be nested, so that every receiver can decode it.
_MAX_PLAIN_DEPTH = 28

T = TypeVar("T")


def dumps(value: Any) -> bytes:
    """Encodes a value.

    Raises:
        TypeError: it is, or contains, something of another type, or itself.
    """
    try:
        return json.dumps(_to_tagged(value), separators=(",", ":"), allow_nan=False).encode()
    except RecursionError:
        raise TypeError("the value contains itself, or is nested too deeply") from None


def loads(data: bytes) -> Any:
    """Decodes a value.

    Raises:
        ValueError: the bytes are not what dumps writes.
    """
    try:
        return _from_tagged(json.loads(data))
    except (TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"cannot be decoded: {type(error).__name__}: {error}") from error


def is_plain(value: Any, depth: int = 0) -> bool:
    """Says whether JSON, whose numbers are doubles, says exactly this and nothing else."""
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is int:
        return bool(abs(value) <= MAX_EXACT_INT)
    if kind is float:
        return bool(math.isfinite(value) and not value.is_integer())
    if kind is str:
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if depth > _MAX_PLAIN_DEPTH:
        return False
    if kind is list:
        return all(is_plain(item, depth + 1) for item in value)
    if kind is dict:
        return all(
            type(key) is str and is_plain(key) and is_plain(item, depth + 1) for key, item in value.items()
        )
    return False


def register_type(kind: type[T], tag: str, encode: Callable[[T], Any], decode: Callable[[Any], T]) -> None:
    """Lets values of a class travel too; to be called alike wherever they are sent and received.

    Args:
        kind: the class; subclasses of it are not meant.
        tag: its name in the text; letters, digits, dots and dashes.
        encode: makes of it a value of the types that can travel.
        decode: makes the value again.

    Raises:
        ValueError: the class or the tag is taken.
    """
    if kind in _ENCODERS or kind in _PLAIN_TYPES or f"${tag}" in _DECODERS:
        raise ValueError(f"{kind.__name__} or ${tag} is taken")
    _ENCODERS[kind] = (f"${tag}", lambda value: _to_tagged(encode(value)))
    _DECODERS[f"${tag}"] = lambda data: decode(_from_tagged(data))


_PLAIN_TYPES = frozenset({type(None), bool, str, int, float, list, dict})


def _to_tagged(value: Any) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if abs(value) <= MAX_EXACT_INT else {"$int": _digits(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if kind is list:
        return [_to_tagged(item) for item in value]
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _to_tagged(item) for key, item in value.items()}
        return {"$dict": [[_to_tagged(key), _to_tagged(item)] for key, item in value.items()]}
    if kind not in _ENCODERS:
        remedy = "send plain values, or tell register_type how it travels"
        raise TypeError(
            f"a {kind.__module__}.{kind.__qualname__} cannot be sent to another process; {remedy}"
        )
    tag, encode = _ENCODERS[kind]
    return {tag: encode(value)}


def _from_tagged(value: Any) -> Any:
    if type(value) is list:
        return [_from_tagged(item) for item in value]
    if type(value) is not dict:
        return value
    if len(value) == 1:
        ((tag, data),) = value.items()
        if tag.startswith("$"):
            if tag not in _DECODERS:
                raise ValueError(f"{tag} is unknown; register_type makes it known")
            return _DECODERS[tag](data)
    return {key: _from_tagged(item) for key, item in value.items()}


def _digits(value: int) -> str:
    # In hexadecimal, which has no limit of length and takes linear time.
    return hex(value)


def _items(value: Any) -> list[Any]:
    return [_to_tagged(item) for item in value]


def _base64(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


def _time(value: time) -> str:
    if value.tzinfo is not None and type(value.tzinfo) is not timezone:
        raise TypeError("a time with a zone that has no fixed offset cannot be sent; send a datetime")
    return value.isoformat()


def _datetime(value: datetime) -> list[str | None]:
    # The fold tells the second of two equal times, when a clock is put back; ISO 8601 cannot say it.
    fold = "~" if value.fold else ""
    if isinstance(value.tzinfo, ZoneInfo):
        return [value.replace(tzinfo=None).isoformat() + fold, value.tzinfo.key]
    return [value.isoformat() + fold, None]


def _read_datetime(data: list[str | None]) -> datetime:
    text, zone = str(data[0]), data[1]
    moment = datetime.fromisoformat(text.rstrip("~")).replace(fold=int(text.endswith("~")))
    return moment if zone is None else moment.replace(tzinfo=ZoneInfo(zone))


_ENCODERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    tuple: ("$tuple", _items),
    set: ("$set", _items),
    frozenset: ("$frozenset", _items),
    bytes: ("$bytes", _base64),
    bytearray: ("$bytearray", _base64),
    complex: ("$complex", lambda value: [_to_tagged(value.real), _to_tagged(value.imag)]),
    Decimal: ("$decimal", str),
    Fraction: ("$fraction", lambda value: f"{hex(value.numerator)}/{hex(value.denominator)}"),
    date: ("$date", date.isoformat),
    time: ("$time", _time),
    datetime: ("$datetime", _datetime),
    timedelta: ("$timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    UUID: ("$uuid", str),
}

_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$int": lambda data: int(data, 16),
    "$float": lambda data: float(data) if data in ("nan", "inf", "-inf") else _refuse(data),
    "$dict": lambda data: {_from_tagged(key): _from_tagged(item) for key, item in data},
    "$tuple": lambda data: tuple(_from_tagged(item) for item in data),
    "$set": lambda data: {_from_tagged(item) for item in data},
    "$frozenset": lambda data: frozenset(_from_tagged(item) for item in data),
    "$bytes": lambda data: base64.b64decode(data, validate=True),
    "$bytearray": lambda data: bytearray(base64.b64decode(data, validate=True)),
    "$complex": lambda data: complex(*map(_from_tagged, data)),
    "$decimal": Decimal,
    "$fraction": lambda data: Fraction(*(int(part, 16) for part in data.split("/"))),
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$datetime": _read_datetime,
    "$timedelta": lambda data: timedelta(*data),
    "$uuid": UUID,
}


def _refuse(data: Any) -> float:
    raise ValueError(f"{data!r} is no float that JSON lacks")
