"""One channel to one dispatcher, for threads, and the raw calls on it."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import grpc

from ate_dispatcher_grpc._connection_options import ConnectionOptions
from ate_dispatcher_grpc._status import FailedCall, error_of_call
from ate_dispatcher_grpc._watchdog import Watchdog
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError, unavailable

Call = Any
"""A stream: an iterator of messages with code(), details() and cancel()."""


class Connection:
    """Connects at the first call, and anew after a dead link."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.watchdog = Watchdog()
        self._lock = threading.Lock()
        self._channel = self._open_channel()
        self._is_closed = False
        _OPEN.add(self)

    def unary(
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
        metadata = self.options.call_metadata(context)
        channel, call = self._start_call(
            lambda channel: _raw(channel.unary_unary, path).future(
                request, timeout=timeout, metadata=metadata
            )
        )
        limit = self.options.call_timeout + (timeout or 0)
        try:
            return cast(bytes, call.result(limit))
        except grpc.FutureTimeoutError:
            self.replace_channel(channel)
            raise unavailable(
                f"no answer within {limit:g} s; the link is taken for dead", "NO_ANSWER"
            ) from None
        except grpc.RpcError as error:
            raise self.error_of(error) from error
        except grpc.FutureCancelledError:
            raise self._closed_channel_error() from None
        finally:
            call.cancel()

    def server_stream(
        self, path: str, request: bytes, context: Mapping[str, str] | None, timeout: float | None
    ) -> tuple[grpc.Channel, Call]:
        """Opens a stream of responses; the channel is for replace_channel."""
        metadata = self.options.call_metadata(context)
        return self._start_call(
            lambda channel: _raw(channel.unary_stream, path)(request, timeout=timeout, metadata=metadata)
        )

    def bidi(self, path: str, requests: Iterator[bytes]) -> tuple[grpc.Channel, Call]:
        """Opens a stream in both directions; the channel is for replace_channel."""
        metadata = self.options.call_metadata()
        return self._start_call(
            lambda channel: _raw(channel.stream_stream, path)(requests, metadata=metadata)
        )

    def replace_channel(self, dead: grpc.Channel) -> None:
        """Replaces a channel whose link is dead; what is open on it fails, and the next calls connect anew."""
        with self._lock:
            if self._is_closed or self._channel is not dead:
                return
            self._channel = self._open_channel()
        dead.close()

    def error_of(self, error: grpc.RpcError) -> DispatcherError:
        """Translates what a call raised; one that was cut by replace_channel or close says so."""
        failed = cast(FailedCall, error)
        if failed.code() is grpc.StatusCode.CANCELLED and (failed.details() or "") in _LOCAL_CLOSE_DETAILS:
            return self._closed_channel_error()
        return error_of_call(failed)

    def wait_for_ready(self, timeout: float) -> None:
        """Waits for the link."""
        with self._lock:
            channel = self._channel
        ready = grpc.channel_ready_future(channel)
        try:
            ready.result(timeout)
        except grpc.FutureTimeoutError:
            ready.cancel()
            raise unavailable(f"not connected to {self.options.address} within {timeout:g} s", "") from None

    def close(self) -> None:
        """Ends all that is open."""
        with self._lock:
            self._is_closed = True
        self._channel.close()
        self.watchdog.close()

    def _start_call(self, call: Callable[[grpc.Channel], Call]) -> tuple[grpc.Channel, Call]:
        with self._lock:
            if self._is_closed:
                raise ClosedError("client")
            channel = self._channel
        try:
            return channel, call(channel)
        except ValueError:
            # The channel was closed in this very moment.
            raise self._closed_channel_error() from None

    def _closed_channel_error(self) -> DispatcherError:
        return (
            ClosedError("client") if self._is_closed else unavailable("the link was dead", "HEARTBEAT_LOST")
        )

    def _open_channel(self) -> grpc.Channel:
        options = self.options
        arguments = options.channel_arguments()
        if options.credentials is None:
            return grpc.insecure_channel(options.address, arguments)
        return grpc.secure_channel(options.address, options.credentials, arguments)


def _raw(kind: Any, path: str) -> Any:
    """Returns a call whose messages are bytes, both ways."""
    return kind(path)


_LOCAL_CLOSE_DETAILS = ("Channel closed!", "Locally cancelled by application!")


# Whoever has an open stream holds its connection.
_OPEN: weakref.WeakSet[Connection] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # Streams that are open when the interpreter ends would run into a runtime that is half gone.
    for connection in list(_OPEN):
        connection.close()
