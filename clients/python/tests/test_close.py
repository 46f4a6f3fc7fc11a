"""Close inside the handlers and callbacks of the very client: it returns at once, and no answer is lost."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pytest

from ate_dispatcher_grpc import Assignment, Client, GoingAway, Ready, aio
from ate_dispatcher_grpc.compat import ATEDispatcher, Producer, ResultListener
from tests.conftest import FAST
from tests.server import Server
from tests.test_survival import StatusLog

# The grace is 30 s; a close that waited it out would exceed this.
pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize("what", ["producer", "client"])
def test_close_inside_a_handler_keeps_its_answer(client: Client, address: str, topic: str, what: str) -> None:
    other = Client(address)
    begun, go_on = threading.Event(), threading.Event()

    def handle(a: Assignment) -> str:
        if a.args:
            begun.set()
            go_on.wait(10)
            return "another"
        (producer if what == "producer" else other).close()
        go_on.set()
        return "answered"

    producer = other.producer([topic], handle).ready(10)
    second = client.gather(topic, args=[1])
    assert begun.wait(10)
    assert [result.value for result in client.gather(topic)] == ["answered"]
    assert [result.value for result in second] == ["another"]
    producer.wait(10)
    other.close()


def test_close_inside_a_callback_keeps_the_answers(client: Client, address: str, topic: str) -> None:
    other = Client(address)
    begun, go_on = threading.Event(), threading.Event()

    def handle(a: Assignment) -> str:
        begun.set()
        go_on.wait(10)
        return "answered"

    def on_disposition(assignment_id: str, state: str) -> None:
        producer.close()
        go_on.set()

    producer = other.producer(
        [topic], lambda a: handle(a) if a.args else "first", on_disposition=on_disposition
    ).ready(10)
    second = client.gather(topic, args=[1])
    assert begun.wait(10)
    assert [result.value for result in client.gather(topic)] == ["first"]
    assert [result.value for result in second] == ["answered"]
    producer.wait(10)
    other.close()


@pytest.mark.parametrize("what", ["producer", "client", "a task"])
async def test_close_inside_a_handler_keeps_its_answer_with_asyncio(
    address: str, topic: str, what: str
) -> None:
    other = aio.Client(address)

    async def handle(a: aio.Assignment) -> str:
        if what == "a task":
            await asyncio.gather(other.close())
        else:
            await (producer if what == "producer" else other).close()
        return "answered"

    producer = await other.producer([topic], handle).ready()
    async with aio.Client(address) as client:
        assert [result.value async for result in client.gather(topic)] == ["answered"]
    await producer.wait()
    await other.close()


def test_stop_inside_a_producer_of_the_drop_in_keeps_its_answer(address: str, topic: str) -> None:
    class Stopping(Producer):
        def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
            dispatcher.stop()
            dispatcher.join(0.3)
            return "answered"

    class Listening(ResultListener):
        def __init__(self) -> None:
            super().__init__()
            self.heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def process_dispatcher_result(self, topic: str, response: Any) -> None:
            self.heard.put(response)

    dispatcher, producer, listener = ATEDispatcher(address), Stopping(), Listening()
    dispatcher.register_result_producer(producer, topic)
    dispatcher.register_result_listener(listener, topic)
    for thread in (producer, listener, dispatcher):
        thread.start()
    dispatcher.send_request(topic)
    assert listener.heard.get(timeout=10) == "answered"
    for thread in (dispatcher, producer, listener):
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def aging_server() -> Any:
    keepalive = ("--keepalive-time-ms", "300ms", "--keepalive-timeout-ms", "300ms")
    server = Server(*keepalive, "--max-connection-age-ms", "1s", "--max-connection-age-grace-ms", "5s")
    yield server
    server.stop()


def test_nothing_is_lost_when_connections_age(aging_server: Server) -> None:
    producing, listening = StatusLog(), StatusLog()
    go_on = threading.Event()

    def handle(a: Assignment) -> int:
        if a.args:
            go_on.wait(10)
        return 1

    with Client(aging_server.address, reconnect=FAST) as client:
        client.producer(["t"], handle, on_status=producing, concurrency=2).ready(10)
        listener = client.listener(["t"], on_status=listening).ready(10)
        running = client.gather("t", args=[1], ttl=20)
        assert running.acceptance.targets
        producing.wait_for(GoingAway, 1)
        go_on.set()
        assert [result.value for result in running] == [1]
        producing.wait_for(Ready, 2)
        listening.wait_for(Ready, 2)
        assert [r.value for r in client.gather("t", no_producers_action="WAIT")] == [1]
        assert [listener.get(timeout=10).value for _ in range(2)] == [1, 1]
