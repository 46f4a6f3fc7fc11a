"""The connection to one dispatcher, for threads: a gRPC channel and raw calls on it."""

from __future__ import annotations

import atexit
import functools
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import grpc

from ate_dispatcher_grpc._connection_options import ConnectionOptions
from ate_dispatcher_grpc._status import FailedCall, error_of_call
from ate_dispatcher_grpc._watchdog import Watchdog
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError, unavailable

Call = Any
"""A gRPC stream: an iterator of messages with code(), details() and cancel()."""


# The details that grpc sets when this process ends a call; no other field tells such a call from one that the server
# cancelled.
_LOCAL_CLOSE_DETAILS: Final = ("Channel closed!", "Locally cancelled by application!")


class Connection:
    """Owns the gRPC channel, and replaces it when its connection is dead."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.options = options
        self.watchdog = Watchdog()
        self._lock = threading.Lock()
        self._channel = self._open_channel()
        self._is_closed = False
        # Closes open streams before the interpreter exits: afterwards their threads would run in a partly destroyed
        # runtime. The hook holds only a weak reference, so that an abandoned connection can still be collected.
        self._exit_hook = functools.partial(_close_referent, weakref.ref(self))
        atexit.register(self._exit_hook)
        weakref.finalize(self, atexit.unregister, self._exit_hook).atexit = False

    def unary(
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
                f"no response within {limit:g} s; the connection is considered dead", "NO_ANSWER"
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
        """Opens a server-streaming call. Pass the returned channel to replace_channel if the stream goes silent."""
        metadata = self.options.call_metadata(context)
        return self._start_call(
            lambda channel: _raw(channel.unary_stream, path)(request, timeout=timeout, metadata=metadata)
        )

    def bidi(self, path: str, requests: Iterator[bytes]) -> tuple[grpc.Channel, Call]:
        """Opens a bidirectional stream. Pass the returned channel to replace_channel if the stream goes silent."""
        metadata = self.options.call_metadata()
        return self._start_call(
            lambda channel: _raw(channel.stream_stream, path)(requests, metadata=metadata)
        )

    def replace_channel(self, dead: grpc.Channel) -> None:
        """Replaces a channel whose connection is dead. Open calls on it fail; later calls use a new connection."""
        with self._lock:
            if self._is_closed or self._channel is not dead:
                return
            self._channel = self._open_channel()
        dead.close()

    def error_of(self, error: grpc.RpcError) -> DispatcherError:
        """Translates the error of a call. A call that replace_channel or close ended gets an error that says so."""
        failed = cast(FailedCall, error)
        if failed.code() is grpc.StatusCode.CANCELLED and (failed.details() or "") in _LOCAL_CLOSE_DETAILS:
            return self._closed_channel_error()
        return error_of_call(failed)

    def wait_for_ready(self, timeout: float) -> None:
        """Waits until the channel is connected; `timeout` is in seconds."""
        with self._lock:
            channel = self._channel
        ready = grpc.channel_ready_future(channel)
        try:
            ready.result(timeout)
        except grpc.FutureTimeoutError:
            ready.cancel()
            raise unavailable(f"not connected to {self.options.address} within {timeout:g} s", "") from None

    def close(self) -> None:
        """Closes the channel and ends all calls on it."""
        with self._lock:
            self._is_closed = True
        atexit.unregister(self._exit_hook)
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
            # Another thread closed the channel between the check and the call.
            raise self._closed_channel_error() from None

    def _closed_channel_error(self) -> DispatcherError:
        return (
            ClosedError("client")
            if self._is_closed
            else unavailable("the connection was dead", "HEARTBEAT_LOST")
        )

    def _open_channel(self) -> grpc.Channel:
        options = self.options
        arguments = options.channel_arguments()
        if options.credentials is None:
            return grpc.insecure_channel(options.address, arguments)
        return grpc.secure_channel(options.address, options.credentials, arguments)


def _raw(kind: Any, path: str) -> Any:
    """Returns a callable for `path` that sends and receives messages as bytes."""
    return kind(path)


def _close_referent(reference: weakref.ref[Connection]) -> None:
    connection = reference()
    if connection is not None:
        connection.close()
