"""The connection to one dispatcher, for asyncio: a gRPC channel and raw calls on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import grpc
import grpc.aio

from ate_dispatcher_grpc._connection_options import ConnectionOptions
from ate_dispatcher_grpc._status import FailedCall, error_of_call
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError, unavailable

Call = Any
"""A gRPC stream with read(), write(), done_writing() and cancel()."""


class Connection:
    """Owns the gRPC channel, and replaces it when its connection is dead. Belongs to one event loop."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self._channel: grpc.aio.Channel | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def unary(
        self,
        path: str,
        request: bytes,
        *,
        context: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """Makes a unary call.

        Raises:
            DispatcherError: The call failed, or no response arrived within the call timeout.
        """
        channel = self.channel()
        metadata = self.options.call_metadata(context)
        call: Any = _raw(channel.unary_unary, path)(request, timeout=timeout, metadata=metadata)
        limit = self.options.call_timeout + (timeout or 0)
        try:
            return cast(bytes, await asyncio.wait_for(call, limit))
        except asyncio.TimeoutError:
            self.replace_channel(channel)
            details = f"no response within {limit:g} s; the connection is considered dead"
            raise unavailable(details, "NO_ANSWER") from None
        except grpc.aio.AioRpcError as error:
            raise self.error_of(error) from error
        except asyncio.CancelledError:
            if self.is_current(channel):
                raise
            raise self.closed_channel_error() from None

    def server_stream(
        self, path: str, request: bytes, context: Mapping[str, str] | None, timeout: float | None
    ) -> tuple[grpc.aio.Channel, Call]:
        """Opens a server-streaming call. Pass the returned channel to replace_channel if the stream goes silent."""
        channel = self.channel()
        metadata = self.options.call_metadata(context)
        return channel, _raw(channel.unary_stream, path)(request, timeout=timeout, metadata=metadata)

    def bidi(self, path: str) -> tuple[grpc.aio.Channel, Call]:
        """Opens a bidirectional stream. Pass the returned channel to replace_channel if the stream goes silent."""
        channel = self.channel()
        return channel, _raw(channel.stream_stream, path)(metadata=self.options.call_metadata())

    def channel(self) -> grpc.aio.Channel:
        """Returns the current channel.

        Raises:
            ClosedError: The connection is closed.
        """
        if self._is_closed:
            raise ClosedError("client")
        if self._channel is None:
            self._channel = self._open_channel()
        return self._channel

    def is_current(self, channel: grpc.aio.Channel) -> bool:
        """Returns whether `channel` is in use: neither replace_channel nor close has ended its calls."""
        return not self._is_closed and self._channel is channel

    def replace_channel(self, dead: grpc.aio.Channel) -> None:
        """Replaces a channel whose connection is dead. Open calls on it fail; later calls use a new connection."""
        if self._channel is not dead or self._is_closed:
            return
        self._channel = None
        closing = asyncio.get_running_loop().create_task(dead.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def error_of(self, error: grpc.aio.AioRpcError) -> DispatcherError:
        """Translates the error of a call."""
        return self.closed_channel_error() if self._is_closed else error_of_call(cast(FailedCall, error))

    def closed_channel_error(self) -> DispatcherError:
        """Returns the error for calls on a channel that close or replace_channel has ended."""
        return (
            ClosedError("client")
            if self._is_closed
            else unavailable("the connection was dead", "HEARTBEAT_LOST")
        )

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits until the channel is connected; `timeout` is in seconds."""
        try:
            await asyncio.wait_for(self.channel().channel_ready(), timeout)
        except asyncio.TimeoutError:
            raise unavailable(f"not connected to {self.options.address} within {timeout:g} s", "") from None

    async def close(self) -> None:
        """Closes the channel and ends all calls on it."""
        self._is_closed = True
        if self._channel is not None:
            await self._channel.close()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _open_channel(self) -> grpc.aio.Channel:
        options = self.options
        arguments = options.channel_arguments()
        if options.credentials is None:
            return grpc.aio.insecure_channel(options.address, arguments)
        return grpc.aio.secure_channel(options.address, options.credentials, arguments)


def _raw(kind: Any, path: str) -> Any:
    """Returns a callable for `path` that sends and receives messages as bytes."""
    return kind(path)
