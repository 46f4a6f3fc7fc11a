"""Handlers and callbacks that fail in ways that cannot be told: each failure is one result, and the work goes on."""

from __future__ import annotations

import asyncio
import logging
import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import Client, DispatcherError, ProducerError, Result, ResultDelivery, aio
from ate_dispatcher_grpc.compat import CONTENT_TYPE, ATEDispatcher, Producer, ResultListener
from tests.failures import FAILURES, RESULTS, TextIsNone, TextRaises

MAX_TEXT = 1024


class LoggerRaises(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise TextRaises


@pytest.fixture(autouse=True)
def logger_raises() -> Iterator[None]:
    """A log handler that raises must not end anything either."""
    handler, logger = LoggerRaises(), logging.getLogger("ate_dispatcher_grpc")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


def check(result: ResultDelivery) -> ProducerError:
    error = result.error
    assert error is not None
    assert 0 < len(error.details) <= MAX_TEXT
    assert error.details.replace("\n", "").isprintable()
    assert len(error.reason) <= MAX_TEXT
    return error


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_of_a_handler_is_a_result_and_the_producer_goes_on(
    client: Client, topic: str, name: str
) -> None:
    def handle(a: Any) -> str:
        if a.args:
            raise FAILURES[name]()
        return "fine"

    client.producer([topic], handle, concurrency=1).ready(10)
    (failed,) = client.gather(topic, args=[1])
    check(failed)
    assert [result.value for result in client.gather(topic)] == ["fine"]


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_that_cannot_be_encoded_is_a_failure_and_the_producer_goes_on(
    client: Client, topic: str, name: str
) -> None:
    client.producer([topic], lambda a: RESULTS[name]() if a.args else "fine", concurrency=1).ready(10)
    (failed,) = client.gather(topic, args=[1])
    assert check(failed).reason in ("UNSERIALIZABLE_RESULT", "RESULT_TOO_LARGE")
    assert [result.value for result in client.gather(topic)] == ["fine"]


async def test_failures_of_handlers_are_results_with_asyncio(address: str, topic: str) -> None:
    async def handle(a: Any) -> Any:
        kind, name = a.args
        if kind == "raise":
            raise FAILURES[name]()
        await asyncio.sleep(0)
        if kind == "raise later":
            raise FAILURES[name]()
        return RESULTS[name]()

    async with aio.Client(address) as client:
        await client.producer([topic], handle, concurrency=1).ready()
        for kind, names in (("raise", FAILURES), ("raise later", FAILURES), ("return", RESULTS)):
            for name in names:
                results = [each async for each in client.gather(topic, args=[kind, name], ttl=3)]
                assert len(results) == 1, (kind, name)
                check(results[0])


def test_an_error_says_that_its_text_cannot_be_read(client: Client, topic: str) -> None:
    def handle(a: Any) -> None:
        raise TextIsNone

    client.producer([topic], handle).ready(10)
    (failed,) = client.gather(topic)
    assert check(failed).details == "TextIsNone (its text cannot be read)"


def test_a_long_text_is_cut_with_a_mark(client: Client, topic: str) -> None:
    def handle(a: Any) -> None:
        raise ValueError("ä" * 2_000)

    client.producer([topic], handle).ready(10)
    (failed,) = client.gather(topic)
    assert check(failed).details == "ä" * (MAX_TEXT - 3) + "..."


@pytest.mark.parametrize("name", ["huge metadata", "many entries", "metadata is no text"])
def test_metadata_that_does_not_fit_is_dropped_and_the_text_says_so(
    client: Client, topic: str, name: str
) -> None:
    def handle(a: Any) -> None:
        raise FAILURES[name]()

    client.producer([topic], handle).ready(10)
    (failed,) = client.gather(topic)
    error = check(failed)
    assert (error.code, error.metadata) == (StatusCode.ABORTED, {})
    assert "metadata was dropped" in error.details


class Raising:
    """A callback that raises each failure in turn, and then records its calls."""

    def __init__(self, on_call: Callable[[], None] = lambda: None) -> None:
        self._on_call = on_call
        self._failures = list(FAILURES.values())
        self.calls: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, *args: Any) -> None:
        if self._failures:
            raise self._failures.pop()()
        self.calls.put(args)
        self._on_call()


def test_callbacks_may_raise_anything(client: Client, topic: str) -> None:
    on_result, on_summary, on_disposition = Raising(), Raising(), Raising()

    def on_status(status: object) -> None:
        raise TextRaises

    client.producer([topic], lambda a: a.args[0], on_disposition=on_disposition, on_status=on_status).ready(
        10
    )
    client.listener([topic], on_result, on_summary=on_summary, on_status=on_status).ready(10)
    for number in range(len(FAILURES) + 1):
        assert client.gather(topic, args=[number]).summary.answered_count == 1
    assert on_result.calls.get(timeout=10)[0].value == len(FAILURES)
    assert on_summary.calls.get(timeout=10)[0].answered_count == 1
    assert on_disposition.calls.get(timeout=10)[1] == "ACCEPTED"


@pytest.mark.parametrize("is_coroutine", [True, False])
async def test_callbacks_may_raise_anything_with_asyncio(
    address: str, topic: str, is_coroutine: bool
) -> None:
    def on_status(status: object) -> None:
        raise SystemExit(1)

    def as_callback(raising: Raising) -> Callable[..., Any]:
        async def call(*args: Any) -> None:
            await asyncio.sleep(0)
            raising(*args)

        return call if is_coroutine else raising

    heard = asyncio.Event()
    on_result, on_summary, on_disposition = Raising(), Raising(heard.set), Raising()
    async with aio.Client(address) as client:
        await client.producer(
            [topic], lambda a: a.args[0], on_disposition=on_disposition, on_status=on_status
        ).ready()
        await client.listener(
            [topic], as_callback(on_result), on_summary=as_callback(on_summary), on_status=on_status
        ).ready()
        for number in range(len(FAILURES) + 1):
            assert (await client.gather(topic, args=[number]).summary).answered_count == 1
        await asyncio.wait_for(heard.wait(), 10)
    assert on_result.calls.get()[0].value == len(FAILURES)


def test_failures_of_the_drop_in_are_results(address: str, client: Client, topic: str) -> None:
    class Failing(Producer):
        def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
            kind, name = args
            if kind == "raise":
                raise FAILURES[name]()
            return RESULTS[name]() if kind == "return" else "fine"

    class Listening(ResultListener):
        def __init__(self) -> None:
            super().__init__()
            self.calls: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def process_dispatcher_result(self, topic: str, response: Any) -> None:
            self.calls.put(response)
            raise SystemExit(1)

        def process_dispatcher_error(self, topic: str, error: DispatcherError) -> None:
            self.calls.put(error)
            raise SystemExit(1)

    dispatcher, producer, listener = ATEDispatcher(address), Failing(), Listening()
    dispatcher.register_result_producer(producer, topic)
    dispatcher.register_result_listener(listener, topic)
    for thread in (producer, listener, dispatcher):
        thread.start()
    cases = [("raise", name) for name in FAILURES] + [("return", name) for name in RESULTS]
    try:
        for kind, name in cases:
            dispatcher.send_request(topic, kind, name)
            heard = listener.calls.get(timeout=10)
            if (kind, name) != ("return", "surrogates"):
                assert isinstance(heard, DispatcherError), (kind, name, heard)
        dispatcher.send_request(topic, "fine", "")
        assert listener.calls.get(timeout=10) == "fine"
        assert listener.is_alive()
    finally:
        dispatcher.stop()
        for thread in (dispatcher, producer, listener):
            thread.join(10)


def test_a_value_that_the_drop_in_cannot_decode_is_an_error_and_the_rest_goes_on(
    address: str, client: Client, topic: str
) -> None:
    class Listening(ResultListener):
        def __init__(self) -> None:
            super().__init__()
            self.calls: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def process_dispatcher_result(self, topic: str, response: Any) -> None:
            self.calls.put(response)

        def process_dispatcher_error(self, topic: str, error: DispatcherError) -> None:
            self.calls.put(error.reason)

    dispatcher, listener = ATEDispatcher(address), Listening()
    dispatcher.register_result_listener(listener, topic)
    listener.start()
    dispatcher.start()
    client.producer(
        [topic],
        lambda a: Result(data=b'{"$nobody": 1}', content_type=CONTENT_TYPE) if a.args else "fine",
    ).ready(10)
    try:
        client.dispatch(topic, args=[1])
        assert listener.calls.get(timeout=10) == "UNDECODABLE_RESULT"
        client.dispatch(topic)
        assert listener.calls.get(timeout=10) == "fine"
    finally:
        dispatcher.stop()
        dispatcher.join(10)
        listener.join(10)
