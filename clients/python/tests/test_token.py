"""Tokens with a server of stock grpcio: when they are asked for, what a refusal means, and that no text has them."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode, experimental

from ate_dispatcher_grpc import (
    Client,
    Closed,
    ClosedError,
    Disconnected,
    DispatcherError,
    InvalidArgumentError,
    PermissionDeniedError,
    Ready,
    Tls,
    UnauthenticatedError,
    aio,
)
from ate_dispatcher_grpc import _token as token_module
from ate_dispatcher_grpc._connection_options import ConnectionOptions
from tests.certificates import Authority
from tests.conftest import FAST
from tests.stock_server import StockServer
from tests.test_survival import StatusLog

SECRET = "s3cr3t-t0k3n"


@pytest.fixture
def stock() -> Iterator[StockServer]:
    server = StockServer()
    yield server
    server.close()


class Provider:
    """Returns t1, t2, ...; or what the test says for a call."""

    def __init__(self, answer: Callable[[int], str] = lambda number: f"t{number}") -> None:
        self.count = 0
        self._answer = answer

    def __call__(self) -> str:
        self.count += 1
        return self._answer(self.count)


def bearer(*tokens: str) -> list[str]:
    return [f"Bearer {each}" for each in tokens]


def accept_only(*tokens: str) -> Callable[[str], StatusCode | None]:
    return lambda authorization: None if authorization in bearer(*tokens) else StatusCode.UNAUTHENTICATED


def test_a_fixed_token_is_sent_with_every_call(stock: StockServer) -> None:
    with Client(stock.address, token=SECRET, metadata={"authorization": "other"}) as client:
        client.dispatch("t")
        client.producer(["t"], lambda a: 1).ready(10)
        client.listener(["t"]).ready(10)
        with pytest.raises(Exception, match="refused"):
            list(client.gather("t"))
    assert [method for method, _ in stock.calls] == ["Dispatch", "Produce", "Subscribe", "Gather"]
    assert stock.tokens() == bearer(SECRET) * 4


def test_a_function_is_asked_for_every_call_and_at_each_reconnect(stock: StockServer) -> None:
    log = StatusLog()
    with Client(stock.address, token=Provider(), reconnect=FAST) as client:
        client.dispatch("t")
        client.dispatch("t")
        client.listener(["t"], on_status=log).ready(10)
        stock.end_streams()
        log.wait_for(Ready, 2)
    assert stock.tokens() == bearer("t1", "t2", "t3", "t4")


async def test_a_function_is_asked_for_every_call_and_at_each_reconnect_with_asyncio(
    stock: StockServer,
) -> None:
    live: asyncio.Queue[Ready] = asyncio.Queue()
    async with aio.Client(stock.address, token=Provider(), reconnect=FAST) as client:
        await client.dispatch("t")
        with pytest.raises(Exception, match="refused"):
            await client.gather("t").summary
        client.producer(
            ["t"], lambda a: 1, on_status=lambda s: live.put_nowait(s) if isinstance(s, Ready) else None
        )
        await live.get()
        stock.end_streams()
        await live.get()
    assert stock.tokens() == bearer("t1", "t2", "t3", "t4")


async def async_token() -> str:
    await asyncio.sleep(0)
    return SECRET


class AsyncCallable:
    async def __call__(self) -> str:
        return SECRET


@pytest.mark.parametrize(
    "token",
    [async_token, functools.partial(async_token), AsyncCallable(), lambda: async_token(), lambda: SECRET],
    ids=["async", "partial", "object", "returns a coroutine", "plain"],
)
async def test_a_function_may_be_asynchronous(stock: StockServer, token: Any) -> None:
    async with aio.Client(stock.address, token=token) as client:
        await client.dispatch("t")
    with Client(stock.address, token=token) as client:
        await asyncio.to_thread(client.dispatch, "t")
    assert stock.tokens() == bearer(SECRET) * 2


@pytest.mark.parametrize("code", [StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED])
def test_a_refusal_of_a_fixed_token_is_final(stock: StockServer, code: StatusCode) -> None:
    stock.refuse = lambda authorization: code
    kind = UnauthenticatedError if code is StatusCode.UNAUTHENTICATED else PermissionDeniedError
    log = StatusLog()
    with Client(stock.address, token=SECRET, reconnect=FAST) as client:
        for session in (
            client.producer(["t"], lambda a: 1, on_status=log),
            client.listener(["t"], on_status=log),
        ):
            with pytest.raises(kind):
                session.wait(10)
        with pytest.raises(kind):
            client.dispatch("t")
        log.wait_for(Closed, 2)
    assert len(stock.calls) == 3


async def test_a_refusal_that_comes_while_the_request_is_written_keeps_its_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ca = Authority(tmp_path / "ca")
    server = StockServer(ca.issue("server"))
    server.refuse = lambda authorization: StatusCode.UNAUTHENTICATED
    codes: list[StatusCode] = []
    for _ in range(60):
        async with aio.Client(server.address, token=SECRET, tls=ca.tls) as client:
            for call in (client.gather("t").summary, client.listener(["t"]).wait()):
                with pytest.raises(DispatcherError) as raised:
                    await call
                codes.append(raised.value.code)
    server.close()
    assert set(codes) == {StatusCode.UNAUTHENTICATED}
    assert "not connected" not in caplog.text


def test_after_a_refusal_a_function_is_asked_again_with_backoff(stock: StockServer) -> None:
    stock.refuse = accept_only("t4")
    provider, log = Provider(), StatusLog()
    with Client(stock.address, token=provider, reconnect=FAST) as client:
        client.listener(["t"], on_status=log).ready(10)
        assert stock.tokens() == bearer("t1", "t2", "t3", "t4")
        (lost, *_) = [each for each in log.heard if isinstance(each, Disconnected)]
        assert isinstance(lost.error, UnauthenticatedError)
        with pytest.raises(UnauthenticatedError):
            client.dispatch("t")


async def test_after_a_refusal_a_function_is_asked_again_with_asyncio(stock: StockServer) -> None:
    stock.refuse = accept_only("t3")
    async with aio.Client(stock.address, token=Provider(), reconnect=FAST) as client:
        await client.listener(["t"]).ready()
    assert stock.tokens() == bearer("t1", "t2", "t3")


async def test_a_denied_permission_is_final_also_with_a_function(stock: StockServer) -> None:
    stock.refuse = lambda authorization: StatusCode.PERMISSION_DENIED
    async with aio.Client(stock.address, token=Provider(), reconnect=FAST) as client:
        with pytest.raises(PermissionDeniedError):
            await client.listener(["t"]).wait()
    with (
        Client(stock.address, token=Provider(), reconnect=FAST) as client,
        pytest.raises(PermissionDeniedError),
    ):
        await asyncio.to_thread(client.producer(["t"], lambda a: 1).wait, 10)
    assert len(stock.calls) == 2


class Odd(str):
    def __str__(self) -> str:
        return "other"


def raising(error: BaseException) -> Callable[[], str]:
    def ask() -> str:
        raise error

    return ask


async def async_failure() -> str:
    raise LookupError("no such vault")


BAD_ANSWERS: list[tuple[Any, str]] = [
    (raising(ValueError("no network")), "the token function failed: ValueError: no network"),
    (raising(SystemExit(3)), "the token function failed: SystemExit: 3"),
    (raising(StopIteration()), "the token function failed: StopIteration"),
    (raising(asyncio.CancelledError()), "the token function failed: CancelledError"),
    (async_failure, "the token function failed: LookupError: no such vault"),
    (lambda: None, "returned a token that is of type NoneType"),
    (lambda: b"bytes", "returned a token that is of type bytes"),
    (lambda: "", "returned a token that is empty"),
    (lambda: f"{SECRET}\n", "returned a token that has spaces, line ends"),
    (lambda: f"{SECRET}\x7f", "returned a token that has spaces, line ends"),
    (lambda: f"Bearer {SECRET}", "returned a token that has spaces"),
    (lambda: f"{SECRET}é", "returned a token that has spaces"),
]


@pytest.mark.parametrize(("token", "words"), BAD_ANSWERS)
async def test_a_function_without_a_token_is_told(stock: StockServer, token: Any, words: str) -> None:
    async with aio.Client(stock.address, token=token) as client:
        for call in (client.dispatch("t"), client.gather("t").summary):
            with pytest.raises(UnauthenticatedError) as raised:
                await call
            assert raised.value.reason == "NO_TOKEN"
            assert words in raised.value.details
            assert SECRET not in "".join(traceback.format_exception(raised.value))
    with Client(stock.address, token=token) as client:
        for ask in (client.dispatch, client.gather):
            with pytest.raises(UnauthenticatedError) as raised:
                await asyncio.to_thread(ask, "t")
            assert raised.value.reason == "NO_TOKEN"
            assert words in raised.value.details
    assert stock.calls == []


def test_a_session_whose_function_fails_for_a_while_goes_on(
    stock: StockServer, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(number: int) -> str:
        if number < 3:
            raise OSError("no network")
        return SECRET

    log = StatusLog()
    with Client(stock.address, token=Provider(answer), reconnect=FAST) as client:
        listener = client.listener(["t"], on_status=log).ready(10)
        assert listener.id == "l"
    assert stock.tokens() == bearer(SECRET)
    assert log.count(Disconnected) >= 1
    assert "the token function failed: OSError: no network" in caplog.text


async def test_a_function_that_hangs_runs_once_and_delays_no_call_for_ever(
    stock: StockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "TOKEN_TIMEOUT", 0.05)
    go_on, calls = threading.Event(), []

    def hang() -> str:
        calls.append(1)
        go_on.wait(20)
        return SECRET

    with Client(stock.address, token=hang, reconnect=FAST) as client:
        client.listener(["t"])
        for _ in range(3):
            with pytest.raises(UnauthenticatedError, match=r"returned no token within 0\.05 s"):
                await asyncio.to_thread(client.dispatch, "t")
    async with aio.Client(stock.address, token=hang, reconnect=FAST) as other:
        other.listener(["t"])
        for _ in range(3):
            with pytest.raises(UnauthenticatedError, match=r"returned no token within 0\.05 s"):
                await other.dispatch("t")
    go_on.set()
    assert len(calls) == 2


async def test_an_asynchronous_function_that_hangs_is_cancelled(
    stock: StockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "TOKEN_TIMEOUT", 0.05)
    cancelled: list[str] = []

    async def hang() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("yes")
            raise
        return SECRET

    with Client(stock.address, token=hang) as client, pytest.raises(UnauthenticatedError, match="within"):
        await asyncio.to_thread(client.dispatch, "t")
    async with aio.Client(stock.address, token=hang) as other:
        with pytest.raises(UnauthenticatedError, match="within"):
            await other.dispatch("t")
    while cancelled != ["yes"] * 2:
        await asyncio.sleep(0)


def test_calls_that_wait_share_one_run_and_the_next_call_gets_another(stock: StockServer) -> None:
    go_on, started, calls = threading.Event(), threading.Event(), []

    def ask() -> str:
        calls.append(1)
        started.set()
        go_on.wait(10)
        return f"t{len(calls)}"

    with Client(stock.address, token=ask) as client, futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.dispatch, "t") for _ in range(8)]
        assert started.wait(10)
        while len(client._connection.tokens._changed._waiters) < 8:  # type: ignore[attr-defined]
            time.sleep(0)
        go_on.set()
        for each in waiting:
            each.result(10)
        client.dispatch("t")
    assert stock.tokens() == bearer("t1") * 8 + bearer("t2")


async def test_calls_that_wait_share_one_run_with_asyncio(stock: StockServer) -> None:
    calls: list[int] = []
    go_on = asyncio.Event()

    async def ask() -> str:
        calls.append(1)
        await go_on.wait()
        return f"t{len(calls)}"

    async with aio.Client(stock.address, token=ask) as client:
        waiting = [asyncio.ensure_future(client.dispatch("t")) for _ in range(8)]
        await asyncio.sleep(0)
        # A call that is cancelled does not cancel the function for the others.
        waiting.pop().cancel()
        go_on.set()
        await asyncio.gather(*waiting)
        await client.dispatch("t")
    assert stock.tokens() == bearer("t1") * 7 + bearer("t2")


def test_closing_the_client_ends_what_waits_for_a_token(stock: StockServer) -> None:
    go_on, started = threading.Event(), threading.Event()

    def hang() -> str:
        started.set()
        go_on.wait(30)
        return SECRET

    client = Client(stock.address, token=hang)
    client.producer(["t"], lambda a: 1)
    listener = client.listener(["t"])
    with futures.ThreadPoolExecutor(2) as pool:
        calls: list[Callable[[str], object]] = [client.dispatch, client.gather]
        waiting = [pool.submit(call, "t") for call in calls]
        assert started.wait(10)
        listener.close()
        client.close()
        for each in waiting:
            with pytest.raises(ClosedError):
                each.result(5)
    go_on.set()
    assert stock.calls == []


async def test_closing_the_client_ends_what_waits_for_a_token_with_asyncio(stock: StockServer) -> None:
    async def hang() -> str:
        started.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if ended.is_set():
                    raise

    started, ended = asyncio.Event(), asyncio.Event()
    client = aio.Client(stock.address, token=hang)
    client.producer(["t"], lambda a: 1)
    waiting = [asyncio.ensure_future(client.dispatch("t")), asyncio.ensure_future(client.gather("t").summary)]
    await started.wait()
    ended.set()
    await client.close()
    for each in waiting:
        with pytest.raises(ClosedError):
            await asyncio.wait_for(each, 5)
    assert stock.calls == []


def test_a_function_that_uses_its_own_client_is_told(stock: StockServer) -> None:
    clients: list[Client] = []
    text = "makes calls on the client that waits for it"
    with Client(stock.address, token=lambda: str(clients[0].dispatch("t"))) as client:
        clients.append(client)
        with pytest.raises(UnauthenticatedError, match=text):
            client.dispatch("t")


@pytest.mark.parametrize("make", [Client, aio.Client])
@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "is empty"),
        (f"{SECRET}\n", "line ends"),
        (f"{SECRET}\0", "other characters"),
        (f" {SECRET}", "spaces"),
        (5, "is of type int"),
        (SECRET.encode(), "is of type bytes"),
    ],
)
def test_impossible_tokens_are_refused_without_their_text(make: type[Client], token: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        make(token=token)
    assert [each.field for each in raised.value.field_violations] == ["token"]
    assert words in raised.value.details
    assert SECRET not in "".join(traceback.format_exception(raised.value))


LOCAL = [
    "127.0.0.1:1",
    "127.9.9.9:1",
    "localhost:1",
    "LOCALHOST",
    "[::1]:1",
    "::1",
    "[::ffff:127.0.0.1]:1",
    "dns:localhost:1",
    "dns:///127.0.0.1:1",
    "ipv4:127.0.0.1:1",
    "ipv4:127.0.0.1:1,127.0.0.2:1",
    "ipv6:[::1]:1",
    "unix:/run/socket",
    "unix:///run/socket",
    "unix-abstract:name",
]
REMOTE = [
    "10.0.0.1:1",
    "0.0.0.0:1",
    "example.org:1",
    "localhost.example.org:1",
    "127.0.0.1.example.org:1",
    "127.0.0.1@example.org:1",
    "dns://8.8.8.8/localhost:1",
    "ipv4:127.0.0.1:1,10.0.0.1:1",
    "127.0.0.1:1,example.org",
    "[::2]:1",
    "[fe80::1]:1",
    "[::ffff:10.0.0.1]:1",
    "xds:///localhost",
    "vsock:1:1",
]


@pytest.mark.parametrize(
    "options", [{"token": SECRET}, {"token": Provider()}, {"metadata": {"Authorization": SECRET}}]
)
@pytest.mark.parametrize("make", [Client, aio.Client])
def test_a_token_is_not_sent_in_clear_text_to_another_machine(make: type[Client], options: Any) -> None:
    for address in REMOTE:
        for credentials in (None, experimental.insecure_channel_credentials()):  # type: ignore[no-untyped-call]
            with pytest.raises(InvalidArgumentError) as raised:
                make(address, credentials=credentials, **options)
            assert "would be sent in clear text" in raised.value.details
            assert "set tls, or allow_insecure_token" in raised.value.details
            assert SECRET not in str(raised.value)
    for address in LOCAL:
        ConnectionOptions(address, **options)
    for address in REMOTE:
        ConnectionOptions(address, tls=Tls(), **options)
        ConnectionOptions(address, credentials=grpc.ssl_channel_credentials(), **options)
        ConnectionOptions(address, allow_insecure_token=True, **options)


def test_the_authorization_of_one_call_is_guarded_as_well() -> None:
    with Client("10.0.0.1:1") as client, pytest.raises(InvalidArgumentError) as raised:
        client.dispatch("t", context={"authorization": SECRET})
    assert "would be sent in clear text" in raised.value.details


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"x": f"{SECRET}\n"}, "metadata.x has line ends"),
        ({"x": f"{SECRET}\n".encode()}, "metadata.x has line ends"),
        ({"x": f"{SECRET}é"}, "metadata.x is not ASCII"),
        ({"x": f"{SECRET}é".encode()}, "metadata.x is not ASCII"),
        ({"x-bin": SECRET}, "must be bytes"),
        ({"a b": SECRET}, "has a name with other characters"),
        ({"": SECRET}, "has a name with other characters"),
    ],
)
def test_metadata_that_grpc_cannot_send_is_refused_without_its_value(metadata: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        Client(metadata=metadata)
    assert words in raised.value.details
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("token", [SECRET, lambda: SECRET])
async def test_a_token_is_in_no_output(
    stock: StockServer, caplog: pytest.LogCaptureFixture, token: Any
) -> None:
    stock.refuse = lambda authorization: StatusCode.UNAUTHENTICATED
    texts: list[str] = []

    def note(*values: Any) -> None:
        for each in values:
            texts.append(f"{each} {each!r}")
            if isinstance(each, BaseException):
                # Some loggers show the variables of each frame.
                frames = [frame for frame, _ in traceback.walk_tb(each.__traceback__)]
                texts.extend(repr(each.f_locals) for each in frames if "grpc" in each.f_code.co_filename)

    with caplog.at_level(logging.DEBUG):
        for metadata in (None, {"authorization": SECRET}):
            log = StatusLog()
            with Client(stock.address, token=token, metadata=metadata, reconnect=FAST) as client:
                for call in (client.dispatch, lambda topic: client.gather(topic).summary):
                    with pytest.raises(UnauthenticatedError) as raised:
                        await asyncio.to_thread(call, "t")
                    note(raised.value)
                listener = client.listener(["t"], on_status=log)
                log.wait_for(Closed if isinstance(token, str) else Disconnected, 1)
                note(client, listener, *log.heard, vars(client), vars(client._connection))
                note(client._connection.options, vars(client._connection.tokens))
            async with aio.Client(stock.address, token=token, metadata=metadata) as other:
                with pytest.raises(UnauthenticatedError) as raised:
                    await other.dispatch("t")
                note(raised.value, other, vars(other._connection), vars(other._connection.tokens))
    assert SECRET not in caplog.text
    assert SECRET not in "\n".join(texts)
    assert "(secret)" in "\n".join(texts)
