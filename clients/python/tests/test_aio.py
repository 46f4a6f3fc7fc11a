"""The asyncio client: its differences from the threaded one, and its recovery from the same failures."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import (
    ClosedError,
    Disconnected,
    DispatcherError,
    Gap,
    InvalidArgumentError,
    NoProducersError,
    ProducerError,
    Ready,
    ResultDelivery,
    SessionReplacedError,
    SessionStatus,
    Summary,
    UnavailableError,
)
from ate_dispatcher_grpc.aio import Assignment, Client
from tests.conftest import FAST
from tests.server import Link, Server


@pytest.fixture
async def aclient(address: str) -> AsyncIterator[Client]:
    async with Client(address, reconnect=FAST) as client:
        yield client
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in left if task.get_name().startswith("ate-dispatcher")]


async def test_serve_listen_dispatch(aclient: Client, topic: str) -> None:
    async def handle(a: Assignment) -> list[object]:
        await a.send({"part": 1})
        await asyncio.sleep(0)
        return [*a.args, a.kwargs]

    await aclient.producer([topic], handle).ready()  # type: ignore[arg-type]
    listener = await aclient.listener([topic], include_summaries=True).ready()
    acceptance = await aclient.dispatch(topic, args=[1], kwargs={"ttl": 2})
    events = listener.events()
    first, last, summary = [await anext(events) for _ in range(3)]
    assert isinstance(first, ResultDelivery)
    assert isinstance(last, ResultDelivery)
    assert isinstance(summary, Summary)
    assert (first.value, first.more) == ({"part": 1}, True)
    assert (last.value, last.more) == ([1, {"ttl": 2}], False)
    assert summary.request_id == acceptance.request_id


async def test_plain_functions_are_handlers_too(aclient: Client, topic: str) -> None:
    await aclient.producer([topic], lambda a: b"\x00").ready()
    assert [result.data async for result in aclient.gather(topic)] == [b"\x00"]


async def test_a_revocation_cancels_the_handler(aclient: Client, topic: str) -> None:
    begun = asyncio.Event()
    revoked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def handle(a: Assignment) -> None:
        begun.set()
        try:
            await asyncio.sleep(10)
        finally:
            revoked.set_result(a.revocation.reason if a.revocation else "")

    await aclient.producer([topic], handle).ready()
    async with aclient.gather(topic, ttl=10) as gather:
        # A revocation drops an assignment whose handler has not started.
        await asyncio.wait_for(begun.wait(), 10)
        await gather.cancel()
        assert [result async for result in gather] == []
        assert (await gather.summary).reason == "CANCELLED"
    assert await asyncio.wait_for(revoked, 5) == "REQUESTED"


async def test_leaving_a_gather_revokes_its_assignments(aclient: Client, topic: str) -> None:
    begun = asyncio.Event()
    revoked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def handle(a: Assignment) -> None:
        begun.set()
        try:
            await asyncio.sleep(10)
        finally:
            revoked.set_result(a.revocation.reason if a.revocation else "")

    await aclient.producer([topic], handle).ready()
    async with aclient.gather(topic, ttl=10) as gather:
        await gather.acceptance
        await asyncio.wait_for(begun.wait(), 10)
    assert await asyncio.wait_for(revoked, 5) == "CALLER_GONE"


async def test_waiting_for_a_result_can_time_out(aclient: Client, topic: str) -> None:
    async def handle(a: Assignment) -> str:
        await asyncio.sleep(0.3)
        return "late but in time"

    await aclient.producer([topic], handle).ready()
    gather = aclient.gather(topic)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(anext(gather), 0.05)
    assert [result.value async for result in gather] == ["late but in time"]


async def test_exceptions_become_error_results(aclient: Client, topic: str) -> None:
    async def handle(a: Assignment) -> None:
        if a.args:
            raise asyncio.CancelledError
        raise DispatcherError(StatusCode.NOT_FOUND, "no", reason="NO")

    await aclient.producer([topic], handle).ready()
    (result,) = [result async for result in aclient.gather(topic)]
    with pytest.raises(ProducerError) as caught:
        _ = result.value
    assert caught.value.reason == "NO"
    (result,) = [result async for result in aclient.gather(topic, args=[1])]
    assert result.error is not None


async def test_rejections_are_raised(aclient: Client, topic: str) -> None:
    with pytest.raises(NoProducersError):
        await aclient.dispatch(topic, no_producers_action="FAIL")
    gather = aclient.gather("not a topic")
    with pytest.raises(InvalidArgumentError):
        await gather.acceptance
    with pytest.raises(InvalidArgumentError):
        await gather.summary
    with pytest.raises(InvalidArgumentError):
        [result async for result in gather]
    with pytest.raises(InvalidArgumentError):
        await aclient.producer(["a b"], lambda a: None).ready()
    with pytest.raises(UnavailableError):
        async with Client("127.0.0.1:1") as nobody:
            await nobody.dispatch("t")


async def test_topics_can_be_changed(aclient: Client, topic: str) -> None:
    producer = await aclient.producer([], lambda a: a.topic, id=topic).ready()
    listener = await aclient.listener([], id=topic).ready()
    await producer.register(topic)
    await listener.add(topic)
    await aclient.dispatch(topic)
    assert (await listener.get()).value == topic
    await producer.deregister(topic)
    assert (await aclient.validate(topic)).targets == ()
    await listener.remove(topic)
    assert await aclient.update_listener(topic, add=["x"]) == ["x"]
    with pytest.raises(InvalidArgumentError):
        await producer.register("a b")


async def test_topics_can_be_changed_while_the_buffer_is_full(aclient: Client, topic: str) -> None:
    async def many(a: Assignment) -> None:
        for number in range(3000):
            await a.send(number)

    listener = await aclient.listener([topic]).ready()
    await aclient.producer([topic], many).ready()
    assert (await aclient.gather(topic, ttl=20).summary).answered_count == 1
    await asyncio.wait_for(listener.add("other"), 10)
    seen = [(await listener.get()).value for _ in range(3001)]
    assert seen == [*range(3000), None]


async def test_coroutine_callbacks_run_one_at_a_time(aclient: Client, topic: str) -> None:
    told: list[object] = []
    done = asyncio.Event()

    async def on_result(result: ResultDelivery) -> None:
        await asyncio.sleep(0.01)
        told.append(result.value)

    def on_summary(summary: Summary) -> None:
        told.append(summary.reason)
        done.set()

    await aclient.listener([topic], on_result, on_summary=on_summary).ready()
    await aclient.producer([topic], lambda a: 1).ready()
    await aclient.dispatch(topic)
    await asyncio.wait_for(done.wait(), 10)
    assert told == [1, "ALL_ANSWERED"]


async def test_with_concurrency_1_handlers_run_one_at_a_time(aclient: Client, topic: str) -> None:
    running = max_running = 0

    async def handle(a: Assignment) -> None:
        nonlocal running, max_running
        running += 1
        max_running = max(max_running, running)
        await asyncio.sleep(0.01)
        running -= 1

    producer = await aclient.producer([topic], handle, concurrency=1).ready()
    gathers = [aclient.gather(topic) for _ in range(5)]
    assert [(await gather.summary).answered_count for gather in gathers] == [1] * 5
    assert max_running == 1
    producer.set_concurrency(3)


async def test_close_finishes_running_handlers(aclient: Client, topic: str) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(a: Assignment) -> str:
        begun.set()
        await go_on.wait()
        return "done"

    producer = await aclient.producer([topic], handle).ready()
    gather = aclient.gather(topic)
    await begun.wait()
    closing = asyncio.create_task(producer.close())
    await asyncio.sleep(0)
    go_on.set()
    assert [result.value async for result in gather] == ["done"]
    await closing
    await producer.wait()
    with pytest.raises(ClosedError):
        await producer.register("x")


async def test_results_of_a_revoked_handler_are_late(aclient: Client, topic: str) -> None:
    states: asyncio.Queue[str] = asyncio.Queue()

    async def handle(a: Assignment) -> str:
        try:
            await asyncio.sleep(10 if a.args[0] == "late" else 0)
        except asyncio.CancelledError:
            await a.send("a part")
        return "the rest"

    late = await aclient.listener([topic], include_late=True).ready()
    await aclient.producer([topic], handle, on_disposition=lambda _, state: states.put_nowait(state)).ready()
    # An assignment that expires before its handler has started is dropped, so the TTL leaves time for that.
    assert (await aclient.gather(topic, args=["late"], ttl=1).summary).reason == "EXPIRED"
    heard = [await asyncio.wait_for(late.get(), 10) for _ in range(2)]
    assert [(result.value, result.late) for result in heard] == [("a part", True), ("the rest", True)]
    await aclient.dispatch(topic, args=["in time"])
    assert [await asyncio.wait_for(states.get(), 10) for _ in range(3)] == ["LATE", "LATE", "ACCEPTED"]


async def test_a_new_session_replaces_one_with_the_same_id(aclient: Client, topic: str) -> None:
    first = await aclient.listener([topic], id=topic).ready()
    await aclient.listener([topic], id=topic).ready()
    with pytest.raises(SessionReplacedError):
        [result async for result in first]


class StatusLog(list[SessionStatus]):
    """Records the statuses of sessions."""

    async def wait_for(self, kind: type[SessionStatus], count: int) -> None:
        deadline = asyncio.get_running_loop().time() + 15
        while sum(isinstance(status, kind) for status in self) < count:
            assert asyncio.get_running_loop().time() < deadline, list(self)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("failure", [Link.cut, Link.freeze])
async def test_no_result_is_lost_when_the_link_breaks(
    server: Server, link: Link, failure: Callable[[Link], None]
) -> None:
    numbers, heard, gaps = itertools.count(), StatusLog(), list[Gap]()
    async with Client(server.address, reconnect=FAST) as near, Client(link.address, reconnect=FAST) as far:
        listener = await far.listener(["t"], on_status=heard.append, on_gap=gaps.append).ready()
        await near.producer(["t"], lambda a: a.args[0]).ready()
        for number in itertools.islice(numbers, 5):
            await near.dispatch("t", args=[number])
        failure(link)
        for number in itertools.islice(numbers, 5):
            await near.dispatch("t", args=[number])
        await heard.wait_for(Ready, 2)
        for number in itertools.islice(numbers, 5):
            await near.dispatch("t", args=[number])
        values = [(await asyncio.wait_for(listener.get(), 10)).value for _ in range(15)]
    assert values == list(range(15))
    assert gaps == []


@pytest.mark.parametrize("failure", ["restart", "kill", "freeze"])
async def test_sessions_survive_a_failure_of_the_server(server: Server, failure: str) -> None:
    producing, listening, gaps = StatusLog(), StatusLog(), list[Gap]()
    async with Client(server.address, reconnect=FAST, call_timeout=2) as client:
        await client.producer(["t"], lambda a: a.args[0], on_status=producing.append).ready()
        listener = await client.listener(["t"], on_status=listening.append, on_gap=gaps.append).ready()
        await client.dispatch("t", args=[1])
        assert (await listener.get()).value == 1
        if failure == "freeze":
            server.freeze()
            await listening.wait_for(Disconnected, 1)
            await producing.wait_for(Disconnected, 1)
            server.thaw()
        else:
            await asyncio.to_thread(server.stop if failure == "restart" else server.kill)
            await asyncio.to_thread(server.start)
        await listening.wait_for(Ready, 2)
        await producing.wait_for(Ready, 2)
        await client.dispatch("t", args=[2])
        assert (await asyncio.wait_for(listener.get(), 10)).value == 2
    assert [gap.reason for gap in gaps] == ([] if failure == "freeze" else ["EPOCH_CHANGED"])


async def test_calls_and_gathers_on_a_dead_connection_fail_in_time(server: Server, link: Link) -> None:
    async with Client(server.address) as near, Client(link.address, call_timeout=0.5) as far:

        async def sleep(a: Assignment) -> None:
            await asyncio.sleep(10)

        await near.producer(["t"], sleep).ready()
        gather = far.gather("t", ttl=3)
        await gather.acceptance
        await asyncio.sleep(0.7)
        link.freeze()
        with pytest.raises(UnavailableError) as caught:
            [result async for result in gather]
        assert caught.value.reason == "HEARTBEAT_LOST"
        await far.validate("t")
        link.freeze()
        with pytest.raises(UnavailableError) as caught:
            await far.validate("t")
        assert caught.value.reason == "NO_ANSWER"
        await far.validate("t")


@pytest.mark.parametrize("change", [False, True])
async def test_handlers_that_outlast_their_ttl_keep_their_slot(
    aclient: Client, topic: str, change: bool
) -> None:
    running, begun, go_on = set[str](), asyncio.Queue[int](), asyncio.Event()

    async def handle(a: Assignment) -> None:
        running.add(a.assignment_id)
        begun.put_nowait(len(running))
        while not go_on.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go_on.wait()
        running.discard(a.assignment_id)

    producer = await aclient.producer([topic], handle, concurrency=3 if change else 1).ready()
    if change:
        producer.set_concurrency(1)
    for _ in range(3):
        summary = await aclient.gather(topic, ttl=0.1).summary
        assert summary.answered_count == 0
    waiting = aclient.gather(topic, ttl=10)
    await waiting.acceptance
    assert begun.get_nowait() == 1
    assert begun.empty()
    go_on.set()
    assert (await waiting.summary).answered_count == 1
    assert begun.get_nowait() == 1
    assert begun.empty()


async def test_a_higher_concurrency_starts_waiting_handlers(aclient: Client, topic: str) -> None:
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def handle(a: Assignment) -> None:
        begun.release()
        while not go_on.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go_on.wait()

    producer = await aclient.producer([topic], handle, concurrency=1).ready()
    first = aclient.gather(topic, ttl=1)
    await asyncio.wait_for(begun.acquire(), 10)
    await first.summary
    second = aclient.gather(topic, ttl=10)
    await second.acceptance
    producer.set_concurrency(2)
    await asyncio.wait_for(begun.acquire(), 10)
    go_on.set()
    assert (await second.summary).answered_count == 1
