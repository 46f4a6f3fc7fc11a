"""The connection to one dispatcher, for asyncio: a gRPC channel and raw calls on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import grpc
import grpc.aio

from ate_dispatcher_grpc._channels import OPEN_TIMEOUT, Channels, PooledChannel, no_answer
from ate_dispatcher_grpc._connection_options import ConnectionOptions, Metadata
from ate_dispatcher_grpc._fork import Owner
from ate_dispatcher_grpc._status import FailedCall, error_of_call
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError, unavailable

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
        metadata = self.options.call_metadata(context)
        limit = self.options.call_timeout + (timeout or 0) if limit is None else limit
        opened: list[Opened] = []

        async def call() -> bytes:
            opened.append(await self._open("unary", path, request, metadata, timeout))
            return cast(bytes, await opened[0].call)

        try:
            return await asyncio.wait_for(call(), wait_time(limit))
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
        self, path: str, request: bytes, context: Mapping[str, str] | None, timeout: float | None
    ) -> Opened:
        """Opens a server-streaming call; returns once the request is written."""
        return await self._open("stream", path, request, self.options.call_metadata(context), timeout)

    async def bidi(self, path: str, request: bytes) -> Opened:
        """Opens a bidirectional stream; returns once its first request is written."""
        return await self._open("bidi", path, request, self.options.call_metadata(), None)

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
        return ClosedError("client") if self.is_closed else error_of_call(cast(FailedCall, error))

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits until the client is connected; `timeout` is in seconds."""
        self.ensure_open()
        try:
            await asyncio.wait_for(self._channels.primary().channel.channel_ready(), wait_time(timeout))
        except asyncio.TimeoutError:
            raise unavailable(
                f"not connected to {self.options.address} within {timeout:g} s", "NOT_CONNECTED"
            ) from None

    async def close(self) -> None:
        """Closes the channels and ends all calls on them; does nothing in a forked child."""
        if not self.owner.is_current:
            return
        self.is_closed = True
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
        if options.credentials is None:
            return grpc.aio.insecure_channel(options.address, arguments)
        return grpc.aio.secure_channel(options.address, options.credentials, arguments)


def _raw(kind: Any, path: str) -> Any:
    """Returns a callable for `path` that sends and receives messages as bytes."""
    return kind(path)


async def _write(call: Call, request: bytes, is_only: bool) -> bool:
    """Writes a request; returns False if the call has failed."""
    try:
        await call.write(request)
        if is_only:
            await call.done_writing()
        return True
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError, asyncio.CancelledError):
        return False
