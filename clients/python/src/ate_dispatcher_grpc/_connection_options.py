"""The options of a connection, for threads and asyncio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import grpc

from ate_dispatcher_grpc._backoff import Reconnect
from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc.errors import invalid_argument

DEFAULT_ADDRESS = "127.0.0.1:50051"
"""The default address of a dispatcher."""

Metadata = tuple[tuple[str, Union[str, bytes]], ...]


@dataclass(frozen=True)
class ConnectionOptions:
    """The address of a dispatcher, and how to connect to it."""

    address: str = DEFAULT_ADDRESS
    credentials: grpc.ChannelCredentials | None = None
    metadata: Mapping[str, str | bytes] = field(default_factory=dict)
    channel_options: Sequence[tuple[str, Any]] = ()
    reconnect: Reconnect = field(default_factory=Reconnect)
    call_timeout: float = 30.0
    """How long a unary call waits for its response, in seconds, before the connection is considered dead."""

    def __post_init__(self) -> None:
        """Rejects values that cannot work.

        Raises:
            InvalidArgumentError: An option is malformed.
        """
        address = self.address
        if not isinstance(address, str) or not address.strip():
            raise invalid_argument(
                "address", f"is {printable(repr(address))}; use host:port, as in {DEFAULT_ADDRESS}"
            )
        scheme, separator, rest = address.partition("://")
        if separator and scheme.lower() in ("http", "https", "grpc", "grpcs", "tcp"):
            remedy = f"use {printable(rest.rstrip('/'))} without the scheme, and `credentials` for TLS"
            raise invalid_argument("address", f"is {printable(address)!r}; {remedy}")
        timeout = self.call_timeout
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
            raise invalid_argument(
                "call_timeout", f"is {printable(repr(timeout))}; it must be a number of seconds above 0"
            )
        if not isinstance(self.metadata, Mapping):
            raise invalid_argument("metadata", f"is a {type(self.metadata).__name__}; it must be a mapping")

    def channel_arguments(self) -> list[tuple[str, Any]]:
        """Returns the gRPC channel options; those of the caller override those of this library."""
        first, last = (
            int(seconds * 1000) for seconds in (self.reconnect.initial_delay, self.reconnect.max_delay)
        )
        defaults = {
            # Servers and service meshes close connections that ping more often than this.
            "grpc.keepalive_time_ms": 30_000,
            # Long, because after a stall of this process the timer fires before the pending response is read.
            "grpc.keepalive_timeout_ms": 20_000,
            "grpc.keepalive_permit_without_calls": 0,
            # Otherwise http_proxy in the environment silently redirects calls inside a cluster.
            "grpc.enable_http_proxy": 0,
            # The server limits the size of its batches. This limit only protects against other servers.
            "grpc.max_receive_message_length": 64 * 1024 * 1024,
            # A channel that replaces a dead one must not share its connection.
            "grpc.use_local_subchannel_pool": 1,
            # The channel must not back off longer than the sessions that wait for it.
            "grpc.initial_reconnect_backoff_ms": first,
            # Despite its name, the time that one attempt may take. With less, a slow network never connects.
            "grpc.min_reconnect_backoff_ms": 3_000,
            "grpc.max_reconnect_backoff_ms": last,
        }
        return list({**defaults, **dict(self.channel_options)}.items())

    def call_metadata(self, context: Mapping[str, str | bytes] | None = None) -> Metadata:
        """Returns the gRPC metadata of a call.

        Raises:
            InvalidArgumentError: An entry is not valid gRPC metadata.
        """
        entries = {**self.metadata, **(context or {})}
        for key, value in entries.items():
            if not isinstance(key, str) or not isinstance(value, (str, bytes)):
                raise invalid_argument(f"metadata.{key}", "is neither str nor bytes")
            if isinstance(value, str) and not value.isascii():
                raise invalid_argument(f"metadata.{key}", "is not ASCII")
        return tuple((key.lower(), value) for key, value in entries.items())
