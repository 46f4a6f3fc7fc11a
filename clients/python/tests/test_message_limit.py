"""Peers with more topics than one message holds, at a server that accepts no more than 64 KiB per message."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ate_dispatcher_grpc import Client, DispatcherError, Ready, aio
from tests.conftest import FAST
from tests.server import Link, Server
from tests.test_survival import StatusLog

# 3,000 topics of 60 bytes are 180 KiB.
TOPICS = [f"topic-{number:05}.{'x' * 48}" for number in range(3_000)]


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Server]:
    server = Server("--max-message-bytes", "64KiB")
    yield server
    server.stop()


@pytest.fixture
def strict(strict_server: Server) -> Iterator[Link]:
    link = Link(strict_server.address)
    yield link
    link.close()


def test_a_producer_with_many_topics_connects_and_comes_back(strict: Link) -> None:
    log = StatusLog()
    with Client(strict.address, reconnect=FAST) as client:
        producer = client.producer(TOPICS, lambda a: 1, on_status=log).ready(20)
        for topic in (TOPICS[0], TOPICS[-1]):
            assert [each.producer_id for each in client.validate(topic).targets] == [producer.id]
        strict.cut()
        log.wait_for(Ready, 2)
        client.wait_for_ready(10)
        for topic in (TOPICS[0], TOPICS[-1]):
            assert [each.producer_id for each in client.validate(topic).targets] == [producer.id]


def test_a_listener_with_many_topics_and_cursors_comes_back_and_loses_nothing(
    strict: Link, strict_server: Server
) -> None:
    log = StatusLog()
    with Client(strict.address, reconnect=FAST) as client, Client(strict_server.address) as near:
        near.producer([">"], lambda a: a.topic, concurrency=1).ready(10)
        listener = client.listener(TOPICS, on_status=log).ready(20)
        for topic in (TOPICS[0], TOPICS[-1]):
            near.dispatch(topic)
        assert [listener.get(timeout=10).value for _ in range(2)] == [TOPICS[0], TOPICS[-1]]
        strict.cut()
        for topic in (TOPICS[0], TOPICS[-1]):
            near.dispatch(topic)
        log.wait_for(Ready, 2)
        assert sorted(str(listener.get(timeout=10).value) for _ in range(2)) == [TOPICS[0], TOPICS[-1]]


def test_a_listener_with_a_wildcard_and_many_cursors_comes_back(strict: Link, strict_server: Server) -> None:
    log = StatusLog()
    with Client(strict.address, reconnect=FAST) as client, Client(strict_server.address) as near:
        near.producer([">"], lambda a: a.topic, concurrency=1).ready(10)
        listener = client.listener([">"], on_status=log).ready(20)
        for topic in TOPICS:
            near.dispatch(topic)
        assert [str(listener.get(timeout=10).value) for _ in TOPICS] == TOPICS
        strict.cut()
        near.dispatch(TOPICS[0])
        log.wait_for(Ready, 2)
        assert listener.get(timeout=10).value == TOPICS[0]


def test_topics_can_be_changed_by_the_thousand(strict: Link) -> None:
    with Client(strict.address, reconnect=FAST) as client:
        listener = client.listener(["t"]).ready(10)
        listener.add(*TOPICS, timeout=20)
        assert client.validate(TOPICS[-1]).listener_count == 1
        listener.remove(*TOPICS, timeout=20)
        assert client.validate(TOPICS[-1]).listener_count == 0
        assert listener.id is not None
        assert len(client.update_listener(listener.id, add=TOPICS)) == 3_001
        assert client.update_listener(listener.id, remove=TOPICS) == ["t"]


def test_many_small_replies_make_no_large_message(strict: Link) -> None:
    log, go_on = StatusLog(), threading.Event()
    with Client(strict.address, reconnect=FAST) as client:

        def handle(a: object) -> str:
            go_on.wait(10)
            return "x" * 30_000

        client.producer(["replies"], handle, concurrency=16, on_status=log).ready(10)
        gathers = [client.gather("replies") for _ in range(16)]
        for gather in gathers:
            assert gather.acceptance.targets
        go_on.set()
        assert [gather.summary.answered_count for gather in gathers] == [1] * 16


def test_a_request_that_can_never_fit_is_its_own_error(strict: Link) -> None:
    with Client(strict.address, reconnect=FAST) as client:
        listener = client.listener(["large"]).ready(10)
        client.producer(["large"], lambda a: "x" * 100_000 if a.args else 1).ready(10)
        with pytest.raises(DispatcherError):
            client.dispatch("large", args=["x" * 100_000])
        (failed,) = client.gather("large", args=[1])
        assert failed.error is not None
        assert failed.error.reason == "RESULT_TOO_LARGE"
        assert [result.value for result in client.gather("large")] == [1]
        assert listener.get(timeout=10).error is not None


async def test_many_topics_with_asyncio(strict: Link) -> None:
    log = StatusLog()
    async with aio.Client(strict.address, reconnect=FAST) as client:
        producer = await client.producer(TOPICS, lambda a: 1, on_status=log).ready()
        listener = await client.listener(TOPICS, on_status=log).ready()
        for topic in (TOPICS[0], TOPICS[-1]):
            acceptance = await client.validate(topic)
            assert [each.producer_id for each in acceptance.targets] == [producer.id]
            assert acceptance.listener_count == 1
        await listener.remove(*TOPICS)
        await listener.add(*TOPICS)
        await client.dispatch(TOPICS[-1])
        assert (await listener.get()).value == 1


def test_a_rejected_registration_beyond_the_first_message_ends_the_producer(strict: Link) -> None:
    topics = [*((topic, "") for topic in TOPICS), ("t", "no group")]
    with Client(strict.address, reconnect=FAST) as client:
        with pytest.raises(DispatcherError) as caught:
            client.producer(topics, lambda a: 1).ready(20)
        assert caught.value.reason == "INVALID_FIELD"
