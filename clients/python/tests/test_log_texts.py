"""What a peer says is data in the log as well: no line holds a character that a terminal or a reader of lines obeys."""

from __future__ import annotations

import io
import logging
import re
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import ProducerError
from ate_dispatcher_grpc._failures import log_event, log_failure
from ate_dispatcher_grpc.compat import ResultListener

HOSTILE = "".join(
    char
    for char in map(chr, range(0x10000))
    if unicodedata.category(char) in ("Cc", "Zl", "Zp")
    or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    or char in "\u061c\u200e\u200f"
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The lines of a handler with the usual formatter."""
    stream, logger = io.StringIO(), logging.getLogger("ate_dispatcher_grpc")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def check(stream: io.StringIO) -> str:
    text = stream.getvalue()
    assert "\\u001b" in text
    assert set(HOSTILE) & set(text) <= {"\n"}
    return text


def test_an_event_is_one_line(lines: io.StringIO) -> None:
    log_event(logging.getLogger("ate_dispatcher_grpc"), logging.WARNING, f"disconnected: {HOSTILE}")
    assert check(lines).count("\n") == 1


def test_a_failure_and_its_traceback_are_escaped(
    lines: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=re.escape(HOSTILE)) as raised:
        raise ValueError(HOSTILE)
    log_failure(logging.getLogger("ate_dispatcher_grpc"), "handler", raised.value)
    assert "Traceback" in check(lines)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is raised.value


def test_a_surrogate_can_be_written(lines: io.StringIO) -> None:
    log_event(logging.getLogger("ate_dispatcher_grpc"), logging.WARNING, "a\ud800b")
    assert lines.getvalue().encode(sys.getdefaultencoding()) == b"a\\ud800b\n"


def test_the_error_of_a_producer_is_escaped_by_a_listener_of_the_dropin(lines: io.StringIO) -> None:
    error = ProducerError(StatusCode.UNKNOWN, HOSTILE)
    ResultListener.process_dispatcher_error(ResultListener.__new__(ResultListener), f"topic{HOSTILE}", error)
    check(lines)
