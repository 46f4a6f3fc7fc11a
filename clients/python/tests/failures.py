"""Exceptions that cannot be printed, encoded or sent as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grpc import StatusCode

from ate_dispatcher_grpc import DispatcherError, Result


class TextIsNone(Exception):
    def __str__(self) -> str:
        return None  # type: ignore[return-value]


class TextRaises(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class TextExits(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


class NameRaises(type):
    def __getattribute__(cls, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            raise ValueError("no name")
        return super().__getattribute__(name)


class Nameless(Exception, metaclass=NameRaises):
    def __str__(self) -> str:
        raise ValueError("no text")


class HugeText(str):
    def __getitem__(self, key: Any) -> str:
        raise ValueError("no part")

    __len__ = __getitem__  # type: ignore[assignment]


class TextIsOdd(Exception):
    def __str__(self) -> str:
        return HugeText("x" * 5_000)


def dispatcher_error(**changes: Any) -> DispatcherError:
    error = DispatcherError(StatusCode.ABORTED, "with changes", reason="CHANGED")
    for name, value in changes.items():
        setattr(error, name, value)
    return error


FAILURES: Mapping[str, Callable[[], BaseException]] = {
    "text is None": TextIsNone,
    "text raises": TextRaises,
    "text exits": TextExits,
    "text is odd": TextIsOdd,
    "nameless": Nameless,
    "surrogates": lambda: ValueError("\ud800 and \udfff"),
    "control characters": lambda: ValueError("a\x00b\x1b[2Jc"),
    "huge text": lambda: ValueError("x" * 3_000_000),
    "SystemExit": lambda: SystemExit(1),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "RecursionError": RecursionError,
    "huge metadata": lambda: DispatcherError(StatusCode.ABORTED, "much", metadata={"a": "x" * 2_000_000}),
    "many entries": lambda: DispatcherError(
        StatusCode.ABORTED, "many", metadata={str(number): "x" for number in range(65)}
    ),
    "metadata is no text": lambda: dispatcher_error(metadata={"a": 1}),
    "metadata has surrogates": lambda: DispatcherError(StatusCode.ABORTED, "odd", metadata={"a": "\ud800"}),
    "metadata is a number": lambda: dispatcher_error(metadata=5),
    "code is a number": lambda: dispatcher_error(code=5),
    "code is OK": lambda: dispatcher_error(code=StatusCode.OK),
    "details are None": lambda: dispatcher_error(details=None),
    "details raise": lambda: dispatcher_error(details=TextRaises()),
    "reason is a number": lambda: dispatcher_error(reason=5),
    "reason is huge": lambda: dispatcher_error(reason="x" * 2_000_000),
}


class ItemsRaise(dict[str, Any]):
    def items(self) -> Any:
        raise TextRaises


class IterRaises(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        raise TextIsNone


class AttributesRaise:
    def __iter__(self) -> Iterator[Any]:
        raise TextRaises

    keys = __getitem__ = __iter__


def generator() -> Iterator[int]:
    raise ValueError("not now")
    yield 1


RESULTS: Mapping[str, Callable[[], Any]] = {
    "items raise": lambda: ItemsRaise(a=1),
    "iter raises": lambda: IterRaises([1]),
    "a generator": generator,
    "surrogates": lambda: "\ud800",
    "data is text": lambda: Result(data="text"),  # type: ignore[arg-type]
    "attributes raise": lambda: Result(attributes=AttributesRaise()),  # type: ignore[arg-type]
    "attributes are no text": lambda: Result(attributes={"a": 1}),  # type: ignore[dict-item]
    "a huge key": lambda: {"x" * 1_000_000: object()},
    "content type is a number": lambda: Result(content_type=5),  # type: ignore[arg-type]
    "too large": lambda: "x" * 5_000_000,
    "contains itself": lambda: _cycle(),
}


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    return cycle
