"""Peers that admit fewer streams per connection than the program opens: further connections, and nothing is cut."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from ate_dispatcher_grpc import Assignment, Client, Disconnected, JsonLike, aio
from ate_dispatcher_grpc._channels import MAX_CALLS
from tests.conftest import FAST
from tests.server import Link, Server
from tests.test_survival import StatusLog

LIMIT = 4
STREAMS = 10


@pytest.fixture(scope="module")
def narrow_server() -> Iterator[Server]:
    """A server that admits few streams per connection."""
    server = Server("--max-streams-per-connection", str(LIMIT), "--heartbeat-ms", "300")
    yield server
    server.stop()


@pytest.fixture
def narrow(narrow_server: Server) -> Iterator[Link]:
    link = Link(narrow_server.address)
    yield link
    link.close()


def same(number: int, assignment: Assignment) -> int:
    return number


def test_sessions_beyond_the_limit_use_further_connections(narrow: Link, topic: str) -> None:
    log = StatusLog()
    with Client(narrow.address, reconnect=FAST) as client:
        for number in range(STREAMS):
            client.producer([topic], partial(same, number), on_status=log).ready(10)
        listeners = [client.listener([topic], on_status=log).ready(10) for _ in range(STREAMS)]
        client.dispatch(topic)
        for listener in listeners:
            heard = [listener.get(timeout=10).value for _ in range(STREAMS)]
            assert sorted(heard) == list(range(STREAMS))
        assert log.count(Disconnected) == 0
        assert narrow.connections <= 2 * STREAMS // LIMIT + 2


def test_nothing_that_runs_is_cut_when_the_limit_is_reached(narrow: Link, topic: str) -> None:
    go_on, log = threading.Event(), StatusLog()

    def handle(a: Assignment) -> int:
        go_on.wait(20)
        return 1

    with Client(narrow.address, reconnect=FAST) as client:
        client.producer([topic], handle, on_status=log).ready(10)
        gathers = [client.gather(topic, ttl=30) for _ in range(STREAMS)]
        for gather in gathers:
            assert gather.acceptance.targets
        assert client.dispatch(topic, ttl=30).targets
        go_on.set()
        assert [[result.value for result in gather] for gather in gathers] == [[1]] * STREAMS
        assert log.count(Disconnected) == 0


def test_many_gathers_at_once_are_each_scattered_once(narrow: Link, topic: str) -> None:
    calls: list[object] = []
    with Client(narrow.address, reconnect=FAST) as client:
        client.producer([topic], lambda a: calls.append(a.args[0])).ready(10)
        gathers = [client.gather(topic, args=[number], ttl=30) for number in range(STREAMS)]
        assert [gather.summary.answered_count for gather in gathers] == [1] * STREAMS
    assert sorted(map(str, calls)) == sorted(map(str, range(STREAMS)))


def test_calls_of_many_threads_are_answered(narrow: Link, topic: str) -> None:
    with Client(narrow.address, reconnect=FAST) as client:
        producer = client.producer([topic], lambda a: 1).ready(10)
        listeners = [client.listener([topic]).ready(10) for _ in range(STREAMS)]
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.validate(topic).targets[0].producer_id))
            for _ in range(STREAMS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert answers == [producer.id] * STREAMS
        assert len(listeners) == STREAMS


def test_a_connection_gets_no_more_streams_than_a_common_proxy_admits(server: Server, link: Link) -> None:
    with Client(link.address, reconnect=FAST) as client:
        for _ in range(MAX_CALLS + 1):
            client.listener(["t"]).ready(10)
        assert link.connections == 2


def test_idle_connections_are_closed(narrow: Link, topic: str) -> None:
    with Client(narrow.address, reconnect=FAST) as client:
        listeners = [client.listener([topic]).ready(10) for _ in range(STREAMS)]
        for listener in listeners:
            listener.close()
        client.validate(topic)
        assert len(client._connection._channels.all()) <= 2


async def test_sessions_and_gathers_beyond_the_limit_with_asyncio(narrow: Link, topic: str) -> None:
    log, go_on = StatusLog(), asyncio.Event()
    calls: list[object] = []

    async def handle(a: aio.Assignment) -> JsonLike:
        await go_on.wait()
        calls.append(a.args[0])
        return 1

    async with aio.Client(narrow.address, reconnect=FAST) as client:
        await client.producer([topic], handle, on_status=log, concurrency=100).ready()
        listeners = [client.listener([topic], on_status=log) for _ in range(STREAMS)]
        for listener in listeners:
            await asyncio.wait_for(listener.ready(), 10)
        gathers = [client.gather(topic, args=[number], ttl=30) for number in range(STREAMS)]
        for gather in gathers:
            assert (await asyncio.wait_for(gather.acceptance, 10)).targets
        await asyncio.wait_for(
            asyncio.gather(*(client.dispatch(topic, args=["d"], ttl=30) for _ in range(STREAMS))), 10
        )
        go_on.set()
        for gather in gathers:
            assert (await asyncio.wait_for(gather.summary, 10)).answered_count == 1
        assert log.count(Disconnected) == 0
    numbers = [call for call in calls if isinstance(call, int)]
    assert sorted(numbers) == list(range(STREAMS))


async def test_a_gather_that_waits_for_a_stream_can_be_closed(narrow: Link, topic: str) -> None:
    async with aio.Client(narrow.address, reconnect=FAST) as client:
        gathers = [client.gather(topic, ttl=30, no_producers_action="WAIT") for _ in range(STREAMS)]
        for gather in gathers:
            await gather.close()
    with contextlib.closing(Client(narrow.address)) as sync, contextlib.ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(sync.gather(topic, ttl=30, no_producers_action="WAIT"))
