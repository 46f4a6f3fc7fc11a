"""One channel to one dispatcher, for asyncio, and the raw calls on it."""

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
"""A stream with read(), write(), done_writing() and cancel()."""


class Connection:
    """Connects at the first call, and anew after a dead link. Belongs to one event loop."""

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
        """Calls once.

        Raises:
            DispatcherError: the call failed, or nothing was heard within the call timeout.
        """
        channel = self.channel()
        metadata = self.options.call_metadata(context)
        call: Any = _raw(channel.unary_unary, path)(request, timeout=timeout, metadata=metadata)
        limit = self.options.call_timeout + (timeout or 0)
        try:
            return cast(bytes, await asyncio.wait_for(call, limit))
        except asyncio.TimeoutError:
            self.replace_channel(channel)
            details = f"no answer within {limit:g} s; the link is taken for dead"
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
        """Opens a stream of responses; the channel is for replace_channel."""
        channel = self.channel()
        metadata = self.options.call_metadata(context)
        return channel, _raw(channel.unary_stream, path)(request, timeout=timeout, metadata=metadata)

    def bidi(self, path: str) -> tuple[grpc.aio.Channel, Call]:
        """Opens a stream in both directions; the channel is for replace_channel."""
        channel = self.channel()
        return channel, _raw(channel.stream_stream, path)(metadata=self.options.call_metadata())

    def channel(self) -> grpc.aio.Channel:
        """Returns the present channel.

        Raises:
            ClosedError: the connection is closed.
        """
        if self._is_closed:
            raise ClosedError("client")
        if self._channel is None:
            self._channel = self._open_channel()
        return self._channel

    def is_current(self, channel: grpc.aio.Channel) -> bool:
        """Says whether calls on this channel were cut neither by replace_channel nor by close."""
        return not self._is_closed and self._channel is channel

    def replace_channel(self, dead: grpc.aio.Channel) -> None:
        """Replaces a channel whose link is dead; what is open on it fails, and the next calls connect anew."""
        if self._channel is not dead or self._is_closed:
            return
        self._channel = None
        closing = asyncio.get_running_loop().create_task(dead.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def error_of(self, error: grpc.aio.AioRpcError) -> DispatcherError:
        """Translates what a call raised."""
        return self.closed_channel_error() if self._is_closed else error_of_call(cast(FailedCall, error))

    def closed_channel_error(self) -> DispatcherError:
        """Returns why calls on a channel that is not current were cut."""
        return (
            ClosedError("client") if self._is_closed else unavailable("the link was dead", "HEARTBEAT_LOST")
        )

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits for the link."""
        try:
            await asyncio.wait_for(self.channel().channel_ready(), timeout)
        except asyncio.TimeoutError:
            raise unavailable(f"not connected to {self.options.address} within {timeout:g} s", "") from None

    async def close(self) -> None:
        """Ends all that is open."""
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
    """Returns a call whose messages are bytes, both ways."""
    return kind(path)
