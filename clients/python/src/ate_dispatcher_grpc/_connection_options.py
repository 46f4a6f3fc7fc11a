"""How to reach a dispatcher, threaded or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import grpc

from ate_dispatcher_grpc._backoff import Reconnect
from ate_dispatcher_grpc.errors import invalid_argument

DEFAULT_ADDRESS = "127.0.0.1:50051"
"""Where a dispatcher listens by default."""

Metadata = tuple[tuple[str, Union[str, bytes]], ...]


@dataclass(frozen=True)
class ConnectionOptions:
    """An address and how to use it."""

    address: str = DEFAULT_ADDRESS
    credentials: grpc.ChannelCredentials | None = None
    metadata: Mapping[str, str | bytes] = field(default_factory=dict)
    channel_options: Sequence[tuple[str, Any]] = ()
    reconnect: Reconnect = field(default_factory=Reconnect)
    call_timeout: float = 30.0
    """After how many seconds without an answer to a single call the link is taken for dead."""

    def channel_arguments(self) -> list[tuple[str, Any]]:
        """Returns the options of the channel; the caller's win over this library's own."""
        first, last = (
            int(seconds * 1000) for seconds in (self.reconnect.initial_delay, self.reconnect.max_delay)
        )
        defaults = {
            # Servers and meshes punish pings that come more often than this.
            "grpc.keepalive_time_ms": 30_000,
            # Generous, because after a stall timers fire before the answer is read.
            "grpc.keepalive_timeout_ms": 20_000,
            "grpc.keepalive_permit_without_calls": 0,
            # Otherwise an http_proxy in the environment silently reroutes calls inside a cluster.
            "grpc.enable_http_proxy": 0,
            # A batch is one message, and the server bounds its size; this only stops a peer that is no dispatcher.
            "grpc.max_receive_message_length": 64 * 1024 * 1024,
            # A channel that replaces one whose link is dead must not share that link.
            "grpc.use_local_subchannel_pool": 1,
            # The channel must not sleep longer than the sessions that wait for it.
            "grpc.initial_reconnect_backoff_ms": first,
            "grpc.min_reconnect_backoff_ms": first,
            "grpc.max_reconnect_backoff_ms": last,
        }
        return list({**defaults, **dict(self.channel_options)}.items())

    def call_metadata(self, context: Mapping[str, str | bytes] | None = None) -> Metadata:
        """Returns what is sent with a call.

        Raises:
            InvalidArgumentError: an entry cannot be sent.
        """
        entries = {**self.metadata, **(context or {})}
        for key, value in entries.items():
            if not isinstance(key, str) or not isinstance(value, (str, bytes)):
                raise invalid_argument(f"metadata.{key}", "is neither text nor bytes")
            if isinstance(value, str) and not value.isascii():
                raise invalid_argument(f"metadata.{key}", "is not ASCII")
        return tuple((key.lower(), value) for key, value in entries.items())
