"""The token of a client, with asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Callable

from ate_dispatcher_grpc._secret import Secret
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc._token import (
    Answer,
    Token,
    answer_of,
    failed_answer,
    fixed_header,
    late_token,
    token_limit,
    within_limit,
)
from ate_dispatcher_grpc.errors import ClosedError


class TokenSource:
    """The token of a client. A function that is not a coroutine function runs in a thread; one run at a time."""

    def __init__(self, token: Token | None) -> None:
        self._ask = None if isinstance(token, str) else token
        self._fixed = fixed_header(token)
        self._run: asyncio.Task[Answer] | None = None
        self._is_closed = False
        self._waiters: set[asyncio.Future[None]] = set()

    async def header(self, limit: float | None = None) -> Secret | None:
        """Returns the header that has the token; None without a token.

        A function is asked again, unless it still runs for another call: then both share its answer.

        Args:
            limit: How long the call may take in all, in seconds. The function has 10 s at most.

        Raises:
            UnauthenticatedError: The function has no token, or takes too long; the reason is NO_TOKEN.
            ClosedError: The client was closed.
        """
        if self._ask is None:
            return self._fixed
        limit = token_limit(limit)
        loop = asyncio.get_running_loop()
        if self._run is None:
            # A function that hangs is not asked again: its runs would accumulate.
            self._run = loop.create_task(_answer_of(self._ask), name="ate-dispatcher-token")
            self._run.add_done_callback(self._ended)
        run, closed = self._run, loop.create_future()
        self._waiters.add(closed)
        try:
            await asyncio.wait([run, closed], timeout=wait_time(limit), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiters.discard(closed)
        if self._is_closed:
            raise ClosedError("client")
        if not run.done():
            raise late_token(limit)
        return run.result().result()

    def close(self) -> None:
        """Ends all waits for a token, and the function."""
        self._is_closed = True
        for each in self._waiters:
            if not each.done():
                each.set_result(None)
        if self._run is not None:
            self._run.cancel()

    def _ended(self, run: asyncio.Task[Answer]) -> None:
        self._run = None


async def _answer_of(ask: Callable[[], object]) -> Answer:
    try:
        token: object = None
        if inspect.iscoroutinefunction(ask):
            token = ask()
        else:
            # It may block, for example to read a file or to ask a server.
            token, failure = await _in_thread(ask)
            if failure is not None:
                return failed_answer(failure)
        if inspect.isawaitable(token):
            token = await within_limit(token)
        return answer_of(token)
    # BaseException: whatever the function raises, the event loop and the calls that wait for it must go on.
    except BaseException as error:
        return failed_answer(error)


async def _in_thread(ask: Callable[[], object]) -> tuple[object, BaseException | None]:
    """Calls a function in a daemon thread, and returns its result or what it raised.

    The threads of the executor would delay the end of the program.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()

    def settle(token: object, error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result((token, error))

    def run() -> None:
        token: object = None
        failure: BaseException | None = None
        try:
            token = ask()
        except BaseException as error:
            failure = error
        # The loop may be closed by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, token, failure)

    threading.Thread(target=run, name="ate-dispatcher-token", daemon=True).start()
    return await ended
