"""The connection to one dispatcher, for asyncio: a gRPC channel and raw calls on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import grpc
import grpc.aio

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._channels import (
    NOT_READY_CODES,
    OPEN_TIMEOUT,
    READY_POLL_INTERVAL,
    Channels,
    PooledChannel,
    no_answer,
    not_ready,
)
from ate_dispatcher_grpc._connection_options import ConnectionOptions, Metadata
from ate_dispatcher_grpc._fork import Owner
from ate_dispatcher_grpc._status import FailedCall
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc.aio._grpc_internals import done_writing, write
from ate_dispatcher_grpc.aio._token import TokenSource
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError

Call = Any
"""A gRPC stream with read(), write(), done_writing() and cancel()."""

_Kind = Literal["unary", "stream", "bidi"]


@dataclass
class Opened:
    """A call, and its channel."""

    pooled: PooledChannel[grpc.aio.Channel]
    call: Call
    is_written: bool
    """Whether the first request is on the wire."""
    is_over: bool = False


class Connection:
    """Owns the gRPC channels, and replaces one whose connection is dead. Belongs to one event loop."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.owner = Owner()
        self.options = options
        self.tokens = TokenSource(options.token)
        self._channels: Channels[grpc.aio.Channel] = Channels(self._open_channel, self._close_channel)
        self._closing: set[asyncio.Task[None]] = set()
        self.is_closed = False

    async def unary(
        self,
        path: str,
        request: bytes,
        *,
        context: Mapping[str, str] | None = None,
        timeout: float | None = None,
        limit: float | None = None,
    ) -> bytes:
        """Makes a unary call.

        Args:
            path: The path of the method.
            request: The request.
            context: Additional gRPC metadata.
            timeout: The gRPC deadline, in seconds from now.
            limit: How long to wait for the response, in seconds. Default: the call timeout of the client.

        Raises:
            DispatcherError: The call failed, or no response arrived in time.
        """
        self.ensure_open()
        limit = self.options.call_timeout + (timeout or 0) if limit is None else limit
        started_at = time.monotonic()
        metadata = self.options.call_metadata(context, await self.tokens.header(limit))
        self.ensure_open()
        elapsed = time.monotonic() - started_at
        timeout = None if timeout is None else max(0.0, timeout - elapsed)
        opened: list[Opened] = []

        async def call() -> bytes:
            opened.append(await self._open("unary", path, request, metadata, timeout))
            return cast(bytes, await opened[0].call)

        try:
            return await asyncio.wait_for(call(), wait_time(limit - elapsed))
        except asyncio.TimeoutError:
            if opened:
                self.retire(opened[0])
            raise no_answer(self.options.address, limit, bool(opened)) from None
        except grpc.aio.AioRpcError as error:
            raise self.error_of(error) from error
        except asyncio.CancelledError:
            if not self.is_closed:
                raise
            raise ClosedError("client") from None

    async def server_stream(
        self,
        path: str,
        request: bytes,
        context: Mapping[str, str] | None,
        timeout: float | None,
        limit: float,
    ) -> Opened:
        """Opens a server-streaming call; returns once the request is written.

        A token function has `limit` seconds at most.
        """
        started_at = time.monotonic()
        metadata = self.options.call_metadata(context, await self.tokens.header(limit))
        if timeout is not None:
            timeout = max(0.0, timeout - (time.monotonic() - started_at))
        return await self._open("stream", path, request, metadata, timeout)

    async def bidi(self, path: str, request: bytes) -> Opened:
        """Opens a bidirectional stream; returns once its first request is written."""
        metadata = self.options.call_metadata(None, await self.tokens.header())
        return await self._open("bidi", path, request, metadata, None)

    def ensure_open(self) -> None:
        """Raises ClosedError after close, and DispatcherError (FORKED) in a forked child."""
        self.owner.ensure_current()
        if self.is_closed:
            raise ClosedError("client")

    def retire(self, opened: Opened) -> None:
        """Lets further calls use a new connection, because this one seems dead. Its open calls are not touched."""
        if not self.is_closed:
            self._channels.retire(opened.pooled)

    def error_of(self, error: grpc.aio.AioRpcError) -> DispatcherError:
        """Translates the error of a call."""
        return (
            ClosedError("client") if self.is_closed else self.options.error_of_call(cast(FailedCall, error))
        )

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits until the client is connected; `timeout` is in seconds."""
        ends_at = time.monotonic() + timeout
        reason: DispatcherError | None = None
        while True:
            error = await self._check_ready(ends_at - time.monotonic())
            if error is None:
                return
            # The deadline of the last check says nothing that the errors before did not say better.
            reason = reason if error.code is grpc.StatusCode.DEADLINE_EXCEEDED else error
            left = ends_at - time.monotonic()
            if left <= 0:
                raise not_ready(self.options.address, timeout, reason)
            await asyncio.sleep(min(READY_POLL_INTERVAL, left))

    async def _check_ready(self, timeout: float) -> DispatcherError | None:
        """Returns why the client is not connected; None if it is."""
        self.ensure_open()
        pooled = self._channels.primary()
        if pooled.written > 0:
            return None
        check = _raw(pooled.channel.unary_unary, _paths.HEALTH_CHECK)
        try:
            await check(b"", timeout=wait_time(timeout))
        except grpc.aio.AioRpcError as error:
            # Any other status is an answer too.
            return self.error_of(error) if error.code() in NOT_READY_CODES else None
        except asyncio.CancelledError:
            if not self.is_closed:
                raise
            raise ClosedError("client") from None
        return None

    async def close(self) -> None:
        """Closes the channels and ends all calls on them; does nothing in a forked child."""
        if not self.owner.is_current:
            return
        self.is_closed = True
        self.tokens.close()
        for channel in self._channels.all():
            await channel.close()
        await asyncio.gather(*self._closing, return_exceptions=True)
        self.owner.closed()

    async def _open(
        self, kind: _Kind, path: str, request: bytes, metadata: Metadata, timeout: float | None
    ) -> Opened:
        """Starts a call and writes its first request, on another connection if the first one has no stream left."""
        loop = asyncio.get_running_loop()
        ends_at = None if timeout is None else loop.time() + timeout
        while True:
            self.ensure_open()
            opened = self._start(kind, path, request, metadata, ends_at)
            if opened.is_written or await self._write_first(opened, kind, request):
                return opened

    def _start(
        self, kind: _Kind, path: str, request: bytes, metadata: Metadata, ends_at: float | None
    ) -> Opened:
        loop = asyncio.get_running_loop()
        timeout = None if ends_at is None else max(0.0, ends_at - loop.time())
        options = {"metadata": metadata, "timeout": wait_time(timeout)}
        pooled = self._channels.take(loop.time())
        channel: Any = pooled.channel
        if kind != "bidi" and pooled.is_proven:
            pooled.call_written()
            method = channel.unary_unary if kind == "unary" else channel.unary_stream
            opened = Opened(pooled, _raw(method, path)(request, **options), True)
        else:
            method = channel.stream_unary if kind == "unary" else channel.stream_stream
            opened = Opened(pooled, _raw(method, path)(**options), False)
        opened.call.add_done_callback(lambda _: self._ended(opened))
        return opened

    async def _write_first(self, opened: Opened, kind: _Kind, request: bytes) -> bool:
        """Writes the first request; returns False if the call moves, because the connection has no stream left."""
        writing = asyncio.ensure_future(_write(opened.call, request, kind != "bidi"))
        try:
            while not (await asyncio.wait([writing], timeout=OPEN_TIMEOUT))[0]:
                if opened.pooled.written > 0:
                    opened.pooled.limit_reached(asyncio.get_running_loop().time())
                    return False
            if writing.result() and not opened.is_over:
                opened.is_written = True
                opened.pooled.call_written()
            # Otherwise the call has failed, and its reader gets the error.
            return True
        finally:
            if not writing.done():
                opened.call.cancel()
                # A write of a call that never got a stream does not end with the call.
                writing.cancel()

    def _ended(self, opened: Opened) -> None:
        opened.is_over = True
        is_connected = opened.pooled.channel.get_state() is grpc.ChannelConnectivity.READY
        opened.pooled.call_ended(opened.is_written, is_connected)
        if not self.is_closed:
            self._channels.release_idle()

    def _close_channel(self, channel: grpc.aio.Channel) -> None:
        closing = asyncio.get_running_loop().create_task(channel.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _open_channel(self) -> grpc.aio.Channel:
        options = self.options
        arguments = options.channel_arguments()
        credentials = options.channel_credentials()
        if credentials is None:
            return grpc.aio.insecure_channel(options.address, arguments)
        return grpc.aio.secure_channel(options.address, credentials, arguments)


def _raw(kind: Any, path: str) -> Any:
    """Returns a callable for `path` that sends and receives messages as bytes."""
    return kind(path)


async def _write(call: Call, request: bytes, is_only: bool) -> bool:
    """Writes a request; returns False if the call has failed."""
    return await write(call, request) and (not is_only or await done_writing(call))
