"""The limits of an inbox while its reader waits for an answer behind the items."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from ate_dispatcher_grpc import LimitError
from ate_dispatcher_grpc._inbox import Inbox
from ate_dispatcher_grpc._session import MAX_BUFFERED, MAX_READ_AHEAD
from ate_dispatcher_grpc.aio._queues import Inbox as AsyncInbox

FULL = range(MAX_BUFFERED)
READ_AHEAD = range(MAX_READ_AHEAD)


def test_a_full_inbox_accepts_more_while_an_answer_is_awaited() -> None:
    inbox: Inbox[int] = Inbox()
    awaited: Future[None] = Future()

    def fill() -> None:
        inbox.put(FULL)
        awaited.set_result(None)

    filling = threading.Thread(target=fill)
    filling.start()
    with inbox.read_ahead(awaited) as answer:
        answer.result(10)
    filling.join(10)
    assert inbox.is_full


def test_waiting_for_an_answer_fails_beyond_the_read_ahead_limit() -> None:
    inbox: Inbox[int] = Inbox()
    awaited: Future[None] = Future()
    filling = threading.Thread(target=lambda: inbox.put(READ_AHEAD))
    with inbox.read_ahead(awaited) as answer:
        filling.start()
        with pytest.raises(LimitError) as first:
            answer.result(10)
    with inbox.read_ahead(awaited) as answer, pytest.raises(LimitError):
        answer.result(0)
    awaited.set_result(None)
    assert first.value.reason == "SLOW_CONSUMER"
    inbox.close(None)
    filling.join(10)


async def test_a_full_asyncio_inbox_accepts_more_while_an_answer_is_awaited() -> None:
    inbox: AsyncInbox[int] = AsyncInbox()
    awaited: Future[None] = Future()
    filling = asyncio.create_task(inbox.put(FULL))
    waiting = asyncio.create_task(inbox.read_ahead(awaited))
    await asyncio.wait_for(filling, 10)
    awaited.set_result(None)
    await asyncio.wait_for(waiting, 10)


async def test_waiting_for_an_answer_fails_beyond_the_read_ahead_limit_with_asyncio() -> None:
    inbox: AsyncInbox[int] = AsyncInbox()
    awaited: Future[None] = Future()
    waiting = asyncio.create_task(inbox.read_ahead(awaited))
    await asyncio.sleep(0)
    filling = asyncio.create_task(inbox.put(READ_AHEAD))
    with pytest.raises(LimitError):
        await asyncio.wait_for(waiting, 10)
    with pytest.raises(LimitError):
        await asyncio.wait_for(inbox.read_ahead(Future()), 10)
    inbox.close(None)
    await asyncio.wait_for(filling, 10)
