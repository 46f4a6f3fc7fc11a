"""Sessions that the server ends or refuses because of a limit: they wait as long as it says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from ate_dispatcher_grpc import Client, Disconnected, LimitError, Ready, SessionStatus, aio
from tests.conftest import FAST
from tests.server import Server
from tests.test_survival import StatusLog

# The server allows 1,000 faults and forgives 100 a second, so a slow machine needs more.
CHANGES = 3_000


@pytest.fixture
def one_topic() -> Iterator[str]:
    """A server whose sessions have one topic each."""
    server = Server("--max-registrations-per-session", "1")
    yield server.address
    server.stop()


@pytest.fixture
def small_budget() -> Iterator[str]:
    """A server that holds at most 1,000,000 bytes."""
    server = Server("--max-held-bytes", "1000000", "--peer-share", "0")
    yield server.address
    server.stop()


async def answer(assignment: aio.Assignment) -> int:
    return 1


def first_loss(log: StatusLog) -> Disconnected:
    log.wait_for(Disconnected, 1)
    return next(status for status in log.heard if isinstance(status, Disconnected))


def test_a_producer_that_causes_too_many_faults_waits_before_it_reconnects(one_topic: str) -> None:
    log = StatusLog()
    with Client(one_topic, reconnect=FAST) as client:
        producer = client.producer(["t"], lambda a: 1, on_status=log)
        producer.ready(10)
        for number in range(CHANGES):
            with contextlib.suppress(TimeoutError, LimitError):
                producer.register(f"t.{number}", timeout=0)
        lost = first_loss(log)
        assert (lost.error.reason, lost.error.retryable, lost.retry_in) == ("FAULT_LIMIT", True, 10)
        assert log.count(Ready) == 1


async def test_a_producer_that_causes_too_many_faults_waits_with_asyncio(one_topic: str) -> None:
    losses: asyncio.Queue[Disconnected] = asyncio.Queue()

    def on_status(status: SessionStatus) -> None:
        if isinstance(status, Disconnected):
            losses.put_nowait(status)

    async with aio.Client(one_topic, reconnect=FAST) as client:
        producer = client.producer(["t"], answer, on_status=on_status)
        await producer.ready()
        changes = [asyncio.ensure_future(producer.register(f"t.{number}")) for number in range(CHANGES)]
        lost = await asyncio.wait_for(losses.get(), 15)
        assert (lost.error.reason, lost.error.retryable, lost.retry_in) == ("FAULT_LIMIT", True, 10)
        await producer.close(grace=0)
        await asyncio.gather(*changes, return_exceptions=True)


def test_peers_beyond_the_budget_of_bytes_wait_and_are_live_when_there_is_room(small_budget: str) -> None:
    producing, listening = StatusLog(), StatusLog()
    with Client(small_budget, reconnect=FAST) as client:
        held = client.dispatch("nobody", data=bytes(980_000), no_producers_action="WAIT", ttl=60)
        with pytest.raises(LimitError) as caught:
            client.dispatch("nobody", data=bytes(980_000), no_producers_action="WAIT", ttl=60)
        assert (caught.value.reason, caught.value.retry_delay) == ("HELD_BYTES_LIMIT", 1)
        producer = client.producer(["t"], lambda a: 1, on_status=producing)
        listener = client.listener(["t"], on_status=listening)
        for log in (producing, listening):
            lost = first_loss(log)
            assert (lost.error.reason, lost.retry_in) == ("HELD_BYTES_LIMIT", 1)
        client.cancel_request(held.request_id)
        producer.ready(10)
        listener.ready(10)
