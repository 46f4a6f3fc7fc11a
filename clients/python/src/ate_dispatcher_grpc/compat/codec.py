"""Encodes Python values as JSON that any language can read, and decodes them without loss.

Values that JSON lacks are objects with one key, a tag:

| Python                     | JSON                                                                    |
|----------------------------|-------------------------------------------------------------------------|
| None, bool, str, list      | unchanged                                                               |
| int                        | a number; beyond 2**53 `{"$int": "0x…"}`, since other languages would round it |
| float                      | a number with a fraction; nan and inf `{"$float": "nan"}`               |
| dict with str keys         | an object; `{"$dict": [[key, value], …]}` if a key is not a str or starts with `$` |
| tuple, set, frozenset      | `{"$tuple": […]}`, `{"$set": […]}`, `{"$frozenset": […]}`               |
| bytes, bytearray           | `{"$bytes": "<base64>"}`, `{"$bytearray": "<base64>"}`                  |
| complex, Decimal, Fraction | `{"$complex": [re, im]}`, `{"$decimal": "1.10"}`, `{"$fraction": "0x1/0x3"}` |
| date, time, datetime       | `{"$date": "…"}`, `{"$time": "…"}`, `{"$datetime": ["…", zone or null]}`|
| timedelta                  | `{"$timedelta": [days, seconds, microseconds]}`                         |
| UUID                       | `{"$uuid": "…"}`                                                        |
| a registered type          | `{"$<tag>": …}`                                                         |

A ZoneInfo keeps its name; any other time zone decodes as its offset. The encoder accepts exactly these types, not their
subclasses, so a value either arrives unchanged or is rejected by the sender. Decoding never imports or executes
anything; an unknown tag is an error.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from ate_dispatcher_grpc._json import MAX_EXACT_INT

CONTENT_TYPE: Final = "application/vnd.ate-dispatcher.python+json"
"""The content type of `data` in this encoding."""

# The maximum nesting of plain JSON values; every receiver can decode this depth.
_MAX_PLAIN_DEPTH: Final = 28

_UNTAGGED_TYPES: Final = frozenset({type(None), bool, str, int, float, list, dict})

T = TypeVar("T")


class Codec:
    """Encodes and decodes values of the types in the table above, and of registered types."""

    def __init__(self) -> None:
        self._encoders: dict[type, tuple[str, Callable[[Any], Any]]] = {
            tuple: ("$tuple", self._encode_items),
            set: ("$set", self._encode_items),
            frozenset: ("$frozenset", self._encode_items),
            bytes: ("$bytes", _base64),
            bytearray: ("$bytearray", _base64),
            complex: ("$complex", lambda value: self._encode_items((value.real, value.imag))),
            Decimal: ("$decimal", str),
            Fraction: ("$fraction", lambda value: f"{hex(value.numerator)}/{hex(value.denominator)}"),
            date: ("$date", date.isoformat),
            time: ("$time", _encode_time),
            datetime: ("$datetime", _encode_datetime),
            timedelta: ("$timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
            UUID: ("$uuid", str),
        }
        self._decoders: dict[str, Callable[[Any], Any]] = {
            "$int": lambda data: int(data, 16),
            "$float": _decode_float,
            "$dict": lambda data: {self._decode(key): self._decode(item) for key, item in data},
            "$tuple": lambda data: tuple(self._decode(item) for item in data),
            "$set": lambda data: {self._decode(item) for item in data},
            "$frozenset": lambda data: frozenset(self._decode(item) for item in data),
            "$bytes": lambda data: base64.b64decode(data, validate=True),
            "$bytearray": lambda data: bytearray(base64.b64decode(data, validate=True)),
            "$complex": lambda data: complex(*map(self._decode, data)),
            "$decimal": Decimal,
            "$fraction": lambda data: Fraction(*(int(part, 16) for part in data.split("/"))),
            "$date": date.fromisoformat,
            "$time": time.fromisoformat,
            "$datetime": _decode_datetime,
            "$timedelta": lambda data: timedelta(*data),
            "$uuid": UUID,
        }

    def register_type(
        self, kind: type[T], tag: str, encode: Callable[[T], Any], decode: Callable[[Any], T]
    ) -> None:
        """Adds a type; see ATEDispatcher.register_type."""
        if kind in self._encoders or kind in _UNTAGGED_TYPES or f"${tag}" in self._decoders:
            raise ValueError(f"{kind.__name__} or ${tag} is already registered")
        self._encoders[kind] = (f"${tag}", lambda value: self._encode(encode(value)))
        self._decoders[f"${tag}"] = lambda data: decode(self._decode(data))

    def dumps(self, value: Any) -> bytes:
        """Encodes a value.

        Raises:
            TypeError: The value contains itself or a value of another type, or is nested too deeply.
        """
        try:
            return json.dumps(self._encode(value), separators=(",", ":"), allow_nan=False).encode()
        except RecursionError:
            raise TypeError("the value contains itself, or is nested too deeply") from None

    def loads(self, data: bytes) -> Any:
        """Decodes a value.

        Raises:
            ValueError: The bytes are malformed or contain an unknown tag.
        """
        try:
            return self._decode(json.loads(data))
        except (TypeError, KeyError, ArithmeticError, RecursionError) as error:
            raise ValueError(f"cannot decode the value: {type(error).__name__}: {error}") from error

    def _encode(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            # Hexadecimal, because Python limits the length of decimal numbers and converts them in quadratic time.
            return value if abs(value) <= MAX_EXACT_INT else {"$int": hex(value)}
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if kind is list:
            return self._encode_items(value)
        if kind is dict:
            if all(type(key) is str and not key.startswith("$") for key in value):
                return {key: self._encode(item) for key, item in value.items()}
            return {"$dict": [[self._encode(key), self._encode(item)] for key, item in value.items()]}
        if kind not in self._encoders:
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise TypeError(
                f"cannot send a {name} to another process; send plain values or register the type"
            )
        tag, encode = self._encoders[kind]
        return {tag: encode(value)}

    def _encode_items(self, value: Any) -> list[Any]:
        return [self._encode(item) for item in value]

    def _decode(self, value: Any) -> Any:
        if type(value) is list:
            return [self._decode(item) for item in value]
        if type(value) is not dict:
            return value
        if len(value) == 1:
            ((tag, data),) = value.items()
            if tag.startswith("$"):
                if tag not in self._decoders:
                    raise ValueError(f"the tag {tag} is unknown; register its type")
                return self._decoders[tag](data)
        return {key: self._decode(item) for key, item in value.items()}


def is_plain(value: Any, depth: int = 0) -> bool:
    """Returns whether plain JSON, whose numbers are doubles, represents the value exactly and unambiguously."""
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


def _base64(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


def _encode_time(value: time) -> str:
    if value.tzinfo is not None and type(value.tzinfo) is not timezone:
        raise TypeError("cannot send a time whose zone has no fixed offset; send a datetime")
    return value.isoformat()


def _encode_datetime(value: datetime) -> list[str | None]:
    # The fold distinguishes the two equal times when clocks are set back. ISO 8601 has no notation for it.
    fold = "~" if value.fold else ""
    if isinstance(value.tzinfo, ZoneInfo):
        return [value.replace(tzinfo=None).isoformat() + fold, value.tzinfo.key]
    return [value.isoformat() + fold, None]


def _decode_datetime(data: list[str | None]) -> datetime:
    text, zone = str(data[0]), data[1]
    moment = datetime.fromisoformat(text.rstrip("~")).replace(fold=int(text.endswith("~")))
    return moment if zone is None else moment.replace(tzinfo=ZoneInfo(zone))


def _decode_float(data: Any) -> float:
    if data not in ("nan", "inf", "-inf"):
        raise ValueError(f"{data!r} is not nan, inf or -inf")
    return float(data)
