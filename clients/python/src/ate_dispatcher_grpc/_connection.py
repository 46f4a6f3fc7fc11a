"""The connection to one dispatcher, for threads: a gRPC channel and raw calls on it."""

from __future__ import annotations

import atexit
import functools
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import grpc

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._background import run_in_background
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
from ate_dispatcher_grpc._requests import Requests
from ate_dispatcher_grpc._status import FailedCall
from ate_dispatcher_grpc._time import wait_time
from ate_dispatcher_grpc._token import TokenSource
from ate_dispatcher_grpc._watchdog import Watch, Watchdog
from ate_dispatcher_grpc.errors import ClosedError, DispatcherError, unavailable

Call = Any
"""A gRPC stream: an iterator of messages with code(), details() and cancel()."""


# The details that grpc sets when this process ends a call; no other field tells such a call from one that the server
# cancelled.
_LOCAL_CLOSE_DETAILS: Final = ("Channel closed!", "Locally cancelled by application!")


class Connection:
    """Owns the gRPC channels, and replaces one whose connection is dead."""

    def __init__(self, options: ConnectionOptions) -> None:
        self.owner = Owner()
        self.options = options
        self.tokens = TokenSource(options.token)
        self.watchdog = Watchdog()
        self._lock = threading.Lock()
        self._channels: Channels[grpc.Channel] = Channels(self._open_channel, _close_in_background)
        self._channels.primary()
        self._is_closed = False
        self._closed = threading.Event()
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
        metadata = self.options.call_metadata(context, self.tokens.header(limit))
        while True:
            elapsed = time.monotonic() - started_at
            deadline = None if timeout is None else max(0.0, timeout - elapsed)
            attempt = _Attempt(self, path, iter((request,)), request, metadata, deadline)
            try:
                return cast(bytes, attempt.call.result(wait_time(limit - elapsed)))
            except grpc.FutureTimeoutError:
                self.retire(attempt.pooled)
                raise no_answer(self.options.address, limit, attempt.is_written) from None
            except (grpc.RpcError, grpc.FutureCancelledError) as error:
                if attempt.has_moved:
                    continue
                if isinstance(error, grpc.RpcError):
                    raise self.error_of(error) from error
                raise self.closed_channel_error() from None
            finally:
                attempt.cancel()

    def server_stream(
        self,
        path: str,
        request: bytes,
        context: Mapping[str, str] | None,
        timeout: float | None,
        limit: float | None = None,
    ) -> Stream:
        """Opens a server-streaming call; a token function has `limit` seconds at most."""
        self.ensure_open()
        ends_at = None if timeout is None else time.monotonic() + timeout
        metadata = self.options.call_metadata(context, self.tokens.header(limit))
        return Stream(self, path, iter((request,)), request, metadata, ends_at)

    def session_metadata(self, is_over: Callable[[], bool]) -> Metadata:
        """Returns the metadata of a bidirectional stream.

        Waits for the token, unless `is_over` returns True; see `TokenSource.wake`.
        """
        return self.options.call_metadata(None, self.tokens.header(None, is_over))

    def bidi(self, path: str, requests: Iterator[bytes], metadata: Metadata) -> Stream:
        """Opens a bidirectional stream."""
        return Stream(self, path, requests, None, metadata, None)

    def ensure_open(self) -> None:
        """Raises ClosedError after close, and DispatcherError (FORKED) in a forked child."""
        self.owner.ensure_current()
        if self._is_closed:
            raise ClosedError("client")

    def retire(self, pooled: PooledChannel[grpc.Channel]) -> None:
        """Lets further calls use a new connection, because this one seems dead. Its open calls are not touched."""
        with self._lock:
            if not self._is_closed:
                self._channels.retire(pooled)

    def error_of(self, error: grpc.RpcError) -> DispatcherError:
        """Translates the error of a call. A call that `close` ended gets an error that says so."""
        failed = cast(FailedCall, error)
        if self._is_closed:
            return ClosedError("client")
        if failed.code() is grpc.StatusCode.CANCELLED and (failed.details() or "") in _LOCAL_CLOSE_DETAILS:
            return self.closed_channel_error()
        return self.options.error_of_call(failed)

    def closed_channel_error(self) -> DispatcherError:
        """Returns the error for a call that this process ended."""
        return (
            ClosedError("client")
            if self._is_closed
            else unavailable("the connection was dead", "HEARTBEAT_LOST")
        )

    def wait_for_ready(self, timeout: float) -> None:
        """Waits until the client is connected; `timeout` is in seconds."""
        ends_at = time.monotonic() + timeout
        reason: DispatcherError | None = None
        while True:
            error = self._check_ready(ends_at - time.monotonic())
            if error is None:
                return
            # The deadline of the last check says nothing that the errors before did not say better.
            reason = reason if error.code is grpc.StatusCode.DEADLINE_EXCEEDED else error
            left = ends_at - time.monotonic()
            if left <= 0:
                raise not_ready(self.options.address, timeout, reason)
            self._closed.wait(min(READY_POLL_INTERVAL, left))

    def _check_ready(self, timeout: float) -> DispatcherError | None:
        """Returns why the client is not connected; None if it is."""
        self.ensure_open()
        with self._lock:
            pooled = self._channels.primary()
            if pooled.written > 0:
                return None
        # Not channel_ready_future: its thread stays in gRPC for a while, and a process that is forked then may crash.
        check = _raw(pooled.channel.unary_unary, _paths.HEALTH_CHECK)
        try:
            check(b"", timeout=wait_time(timeout))
        except grpc.RpcError as error:
            # Any other status is an answer too.
            is_answer = cast(FailedCall, error).code() not in NOT_READY_CODES
            return None if is_answer else self.error_of(error)
        except ValueError:
            raise self.closed_channel_error() from None
        return None

    def close(self) -> None:
        """Closes the channels and ends all calls on them; does nothing in a forked child."""
        if not self.owner.is_current:
            return
        with self._lock:
            self._is_closed = True
            self._closed.set()
            channels = self._channels.all()
        self.tokens.close()
        atexit.unregister(self._exit_hook)
        for channel in channels:
            channel.close()
        self.watchdog.close()
        self.owner.closed()

    def start_call(
        self,
        path: str,
        requests: Requests,
        request: bytes | None,
        metadata: Metadata,
        timeout: float | None,
        is_unary: bool,
    ) -> tuple[PooledChannel[grpc.Channel], Call, bool]:
        """Starts a call on a channel with room; returns the channel, the call and whether `requests` is used.

        A channel that has admitted as many calls before gets `request` directly, which needs no thread for it.
        """
        with self._lock:
            if self._is_closed:
                raise ClosedError("client")
            pooled = self._channels.take(time.monotonic())
            is_direct = request is not None and pooled.is_proven
            if is_direct:
                pooled.call_written()
        channel = pooled.channel
        is_started = False
        try:
            if is_unary:
                kind = channel.unary_unary if is_direct else channel.stream_unary
                call = _raw(kind, path).future
            else:
                call = _raw(channel.unary_stream if is_direct else channel.stream_stream, path)
            started = call(request if is_direct else requests, timeout=wait_time(timeout), metadata=metadata)
            is_started = True
        except ValueError:
            # Another thread closed the channel between the check and the call.
            raise self.closed_channel_error() from None
        finally:
            if not is_started:
                self.call_ended(pooled, is_direct, False)
        return pooled, started, not is_direct

    def call_written(self, pooled: PooledChannel[grpc.Channel]) -> None:
        """Records that the request of a call is on the wire."""
        with self._lock:
            pooled.call_written()

    def call_ended(self, pooled: PooledChannel[grpc.Channel], was_written: bool, is_connected: bool) -> None:
        """Records the end of a call."""
        with self._lock:
            pooled.call_ended(was_written, is_connected)
            if not self._is_closed:
                self._channels.release_idle()

    def must_move(self, pooled: PooledChannel[grpc.Channel]) -> bool:
        """Returns whether a call whose request is not written should move: only if the connection works."""
        with self._lock:
            if self._is_closed or pooled.written == 0:
                return False
            pooled.limit_reached(time.monotonic())
            return True

    def _open_channel(self) -> grpc.Channel:
        options = self.options
        arguments = options.channel_arguments()
        credentials = options.channel_credentials()
        if credentials is None:
            return grpc.insecure_channel(options.address, arguments)
        return grpc.secure_channel(options.address, credentials, arguments)


class _Attempt:
    """One call on one channel, which is given up if its request is not written while the connection works."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        source: Iterator[bytes],
        request: bytes | None,
        metadata: Metadata,
        timeout: float | None,
        on_moved: Callable[[Iterator[bytes]], object] | None = None,
    ) -> None:
        self._connection = connection
        self._on_moved = on_moved
        self._lock = threading.Lock()
        self._is_counted = False
        self._is_over = False
        self.has_moved = False
        self._requests = Requests(source, self._written)
        self._watch = Watch(connection.watchdog, self._unwritten)
        self._watch.limit = OPEN_TIMEOUT
        self.pooled: PooledChannel[grpc.Channel]
        is_unary = on_moved is None
        # The lock keeps _written and _unwritten waiting until the channel of the call is known.
        with self._lock:
            self.pooled, self.call, uses_requests = connection.start_call(
                path, self._requests, request, metadata, timeout, is_unary
            )
            self._is_counted = not uses_requests
            if uses_requests:
                self._watch.resume()
        if not self.call.add_callback(self._ended):
            self._ended()

    @property
    def is_written(self) -> bool:
        """Whether the request is known to be on the wire."""
        return self._is_counted

    def cancel(self) -> None:
        """Ends the call."""
        self.call.cancel()

    def _written(self) -> None:
        with self._lock:
            self._watch.stop()
            if self._is_over or self._is_counted:
                return
            self._is_counted = True
        self._connection.call_written(self.pooled)

    def _ended(self) -> None:
        with self._lock:
            self._watch.stop()
            if self._is_over:
                return
            self._is_over = True
            was_written = self._is_counted
        is_connected = self.call.code() is not grpc.StatusCode.UNAVAILABLE
        self._connection.call_ended(self.pooled, was_written, is_connected)

    def _unwritten(self, silence: float) -> None:
        with self._lock:
            if self._is_over or self._is_counted:
                return
            if not self._connection.must_move(self.pooled):
                self._watch.resume()
                return
        rest = self._requests.give_up()
        if rest is None:
            return
        self.has_moved = True
        if self._on_moved is not None:
            self._on_moved(rest)
        self.call.cancel()


class Stream:
    """A stream of messages, which moves to another connection if the peer of the first admits no more streams."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        source: Iterator[bytes],
        request: bytes | None,
        metadata: Metadata,
        ends_at: float | None,
    ) -> None:
        self._connection = connection
        self._path = path
        self._request = request
        self._metadata = metadata
        self._ends_at = ends_at
        self._lock = threading.RLock()
        self._is_cancelled = False
        self._failure: DispatcherError | None = None
        with self._lock:
            self._attempt = self._start(source)

    @property
    def is_written(self) -> bool:
        """Whether the first request is known to be on the wire."""
        return self._attempt.is_written

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        while True:
            attempt = self._attempt
            try:
                return cast(bytes, next(attempt.call))
            except grpc.RpcError:
                with self._lock:
                    if attempt is not self._attempt:
                        continue
                    if self._failure is not None:
                        raise self._failure from None
                raise

    def cancel(self) -> None:
        """Ends the stream."""
        with self._lock:
            self._is_cancelled = True
            attempt = self._attempt
        attempt.cancel()

    def retire_channel(self) -> None:
        """Lets further calls use a new connection, because the one of this stream seems dead."""
        self._connection.retire(self._attempt.pooled)

    def _start(self, source: Iterator[bytes]) -> _Attempt:
        timeout = None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())
        return _Attempt(
            self._connection, self._path, source, self._request, self._metadata, timeout, self._move
        )

    def _move(self, source: Iterator[bytes]) -> None:
        with self._lock:
            if self._is_cancelled:
                return
            try:
                self._attempt = self._start(source)
            except DispatcherError as error:
                self._failure = error


def _raw(kind: Any, path: str) -> Any:
    """Returns a callable for `path` that sends and receives messages as bytes."""
    return kind(path)


def _close_in_background(channel: grpc.Channel) -> None:
    # A callback of gRPC may release the channel, in a thread that `close` waits for.
    run_in_background(channel.close)


def _close_referent(reference: weakref.ref[Connection]) -> None:
    connection = reference()
    if connection is not None:
        connection.close()
