"""The token of a client: a text, or a function that returns one. No text in here has the token."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Union

from grpc import StatusCode

from ate_dispatcher_grpc._failures import named_text_of, printable
from ate_dispatcher_grpc._secret import Secret
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc.errors import ClosedError, UnauthenticatedError, invalid_argument

Token = Union[str, Callable[[], Union[str, Awaitable[str]]]]
"""A token, or a function that returns one, also asynchronously."""

AUTHORIZATION: Final = "authorization"
"""The key of the metadata that has the token."""

TOKEN_TIMEOUT: Final = 10.0
"""How long a call waits for the function that returns its token, in seconds."""

_SENDABLE: Final = re.compile("[\x21-\x7e]+")


@dataclass
class Answer:
    """The end of one run of a token function: a header, or a failure."""

    header: Secret | None = None
    failure: str = ""
    cause: BaseException | None = None

    def result(self) -> Secret:
        """Returns the header, or raises UnauthenticatedError (NO_TOKEN)."""
        if self.header is None:
            # Calls share an answer, but an exception that is raised twice mixes their tracebacks.
            raise no_token(self.failure) from self.cause
        return self.header


def check_token(token: object) -> None:
    """Rejects a token that cannot be sent.

    Raises:
        InvalidArgumentError: The token is neither a text that a header can hold nor a function.
    """
    if token is not None and not callable(token) and (problem := _problem_of(token)):
        raise invalid_argument("token", problem)


def fixed_header(token: Token | None) -> Secret | None:
    """Returns the header for a token that is a text; None for a function."""
    return _header_of(token) if isinstance(token, str) else None


def answer_of(token: object) -> Answer:
    """Returns the answer of a function that returned `token`."""
    problem = _problem_of(token)
    if problem or not isinstance(token, str):
        return Answer(failure=f"returned a token that {problem}")
    return Answer(_header_of(token))


def failed_answer(error: BaseException) -> Answer:
    """Returns the answer of a function that raised."""
    if isinstance(error, _LateError):
        return Answer(failure=_late(TOKEN_TIMEOUT))
    return Answer(failure=printable(f"failed: {named_text_of(error)}"), cause=error)


def no_token(what: str) -> UnauthenticatedError:
    """Returns the error for a token function without a token."""
    return UnauthenticatedError(StatusCode.UNAUTHENTICATED, f"the token function {what}", reason="NO_TOKEN")


def late_token(limit: float) -> UnauthenticatedError:
    """Returns the error for a token function that takes longer than `limit` seconds."""
    return no_token(_late(limit))


def token_limit(limit: float | None) -> float:
    """Returns how long a call waits for its token, if it may take `limit` seconds in all."""
    return TOKEN_TIMEOUT if limit is None else min(max(limit, 0.0), TOKEN_TIMEOUT)


class TokenSource:
    """The token of a client with threads. Its function runs in a thread of its own, one run at a time."""

    def __init__(self, token: Token | None) -> None:
        self._ask = None if isinstance(token, str) else token
        self._fixed = fixed_header(token)
        self._changed = threading.Condition()
        self._run: _Run | None = None
        self._is_closed = False

    def header(
        self, limit: float | None = None, is_over: Callable[[], bool] = lambda: False
    ) -> Secret | None:
        """Returns the header that has the token; None without a token.

        A function is asked again, unless it still runs for another call: then both share its answer.

        Args:
            limit: How long the call may take in all, in seconds. The function has 10 s at most.
            is_over: Whether the token is no longer needed; see `wake`.

        Raises:
            UnauthenticatedError: The function has no token, or takes too long; the reason is NO_TOKEN.
            ClosedError: The token is no longer needed.
        """
        if self._ask is None:
            return self._fixed
        limit = token_limit(limit)
        with self._changed:
            run = self._run or self._start(self._ask)
            if run.thread is threading.current_thread():
                raise no_token("makes calls on the client that waits for it")
            self._changed.wait_for(lambda: run.answer or self._is_closed or is_over(), wait_time(limit))
            answer = run.answer
            if answer is None and (self._is_closed or is_over()):
                raise ClosedError("client")
        if answer is None:
            raise late_token(limit)
        return answer.result()

    def wake(self) -> None:
        """Makes the waiting threads look whether they still need a token."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all waits for a token."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _start(self, ask: Callable[[], object]) -> _Run:
        run = _Run()
        run.thread = threading.Thread(
            target=self._finish, args=(run, ask), name="ate-dispatcher-token", daemon=True
        )
        try:
            run.thread.start()
        except RuntimeError as error:
            run.answer = failed_answer(error)
        else:
            # A function that hangs is not asked again: its runs would accumulate.
            self._run = run
        return run

    def _finish(self, run: _Run, ask: Callable[[], object]) -> None:
        try:
            token = ask()
            answer = answer_of(asyncio.run(within_limit(token)) if inspect.isawaitable(token) else token)
        # BaseException: whatever the function raises, the calls that wait for it must go on.
        except BaseException as error:
            answer = failed_answer(error)
        with self._changed:
            run.answer = answer
            self._run = None
            self._changed.notify_all()


class _Run:
    """One run of the token function."""

    thread: threading.Thread
    answer: Answer | None = None


class _LateError(Exception):
    """An asynchronous token function took too long."""


async def within_limit(awaitable: Awaitable[object]) -> object:
    """Returns the result of an asynchronous token function, which is cancelled after 10 s."""
    task = asyncio.ensure_future(awaitable)
    try:
        if (await asyncio.wait([task], timeout=TOKEN_TIMEOUT))[0]:
            return task.result()
        task.cancel()
        await asyncio.wait([task])
        raise _LateError
    finally:
        task.cancel()


def _header_of(token: str) -> Secret:
    return Secret("".join(("Bearer ", token)))


def _problem_of(token: object) -> str:
    """Returns why a token cannot be sent; an empty text if it can."""
    if not isinstance(token, str):
        return f"is of type {printable(type(token).__name__)}; it must be a str"
    if not _SENDABLE.fullmatch(token):
        return (
            "is empty"
            if len(token) == 0
            else "has spaces, line ends or other characters that a header cannot hold"
        )
    return ""


def _late(limit: float) -> str:
    return f"returned no token within {limit:g} s"
