"""Text and log entries for exceptions of user code. Nothing in here raises, whatever the exception does."""

from __future__ import annotations

import logging
import re
import threading
import traceback
from typing import Final

MAX_TEXT: Final = 1024
"""The maximum length of a text, in characters; a longer one is cut, and ends with `...`."""

_UNREADABLE: Final = "(its text cannot be read)"

# A terminal would execute control characters, and UTF-8 cannot encode unpaired surrogates.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# What a terminal or a reader of lines obeys: controls, separators of lines and paragraphs, directions of text.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object) -> str:
    """Returns a text of at most MAX_TEXT printable characters; `text` may be anything.

    Characters that cannot be printed become U+FFFD.
    """
    try:
        # Not a method of `text`: its class may be a subclass of str that overrides them.
        start = str.__getitem__(text if isinstance(text, str) else str(text), slice(MAX_TEXT + 1))
    except BaseException:
        return f"{_class_name(text)} {_UNREADABLE}"
    cut = start if len(start) <= MAX_TEXT else start[: MAX_TEXT - 3] + "..."
    return _UNPRINTABLE.sub("\ufffd", cut)


def loggable(text: object) -> str:
    """Returns a text of one line that a terminal shows and does not obey; other characters become escapes.

    Of `text`, at most MAX_TEXT characters are used.
    """
    try:
        start = str.__getitem__(text if isinstance(text, str) else str(text), slice(MAX_TEXT + 1))
    except BaseException:
        return f"{_class_name(text)} {_UNREADABLE}"
    return _escaped(start if len(start) <= MAX_TEXT else start[: MAX_TEXT - 3] + "...")


def text_of(error: BaseException) -> str:
    """Returns the text of an exception, bounded and printable; the name of its class if the text is empty."""
    return printable(error) or printable(_class_name(error))


def named_text_of(error: BaseException) -> str:
    """Returns the name of an exception's class and its text, bounded and printable."""
    name, text = _class_name(error), text_of(error)
    return printable(text if text.startswith(name) else f"{name}: {text}")


def is_interrupt(error: BaseException) -> bool:
    """Returns whether an exception is Ctrl-C, which only the main thread receives."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def log_failure(log: logging.Logger, what: str, error: BaseException) -> None:
    """Logs that `what` raised, with the traceback; does nothing if the log itself fails."""
    try:
        if not log.isEnabledFor(logging.ERROR):
            return
        args = (loggable(what), loggable(named_text_of(error)))
        record = log.makeRecord(
            log.name,
            logging.ERROR,
            __file__,
            0,
            "%s raised %s",
            args,
            (type(error), error, error.__traceback__),
        )
        # A formatter uses this text, and a handler of its own kind still finds the exception.
        record.exc_text = _traceback_of(error)
        log.handle(record)
    except BaseException:
        return


def log_event(log: logging.Logger, level: int, text: str) -> None:
    """Logs a text; does nothing if the log itself fails."""
    try:
        log.log(level, "%s", loggable(text))
    except BaseException:
        return


def _traceback_of(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except BaseException:
        return _UNREADABLE
    return "\n".join(_escaped(line) for line in text.rstrip("\n").split("\n"))


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _class_name(value: object) -> str:
    try:
        return str.__getitem__(type(value).__name__, slice(100))
    except BaseException:
        return "an exception"
