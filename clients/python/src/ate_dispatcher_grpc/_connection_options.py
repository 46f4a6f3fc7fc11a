"""The options of a connection, for threads and asyncio."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Union

import grpc

from ate_dispatcher_grpc._backoff import Reconnect
from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc._handshake import connection_hint
from ate_dispatcher_grpc._secret import Secret
from ate_dispatcher_grpc._status import FailedCall, error_of_call
from ate_dispatcher_grpc._token import AUTHORIZATION, Token, check_token
from ate_dispatcher_grpc.errors import DispatcherError, UnavailableError, invalid_argument
from ate_dispatcher_grpc.tls import Tls

DEFAULT_ADDRESS = "127.0.0.1:50051"
"""The default address of a dispatcher."""

Metadata = tuple[tuple[str, Union[str, bytes]], ...]

# What gRPC accepts. It reports anything else only as INTERNAL, and a session would retry that for ever.
_KEY: Final = re.compile("[0-9a-z_.-]+")
_VALUE: Final = re.compile("[\x20-\x7e]*")


@dataclass(frozen=True)
class ConnectionOptions:
    """The address of a dispatcher, and how to connect to it."""

    address: str = DEFAULT_ADDRESS
    credentials: grpc.ChannelCredentials | None = field(default=None, repr=False)
    metadata: Mapping[str, str | bytes] = field(default_factory=dict, repr=False)
    channel_options: Sequence[tuple[str, Any]] = ()
    reconnect: Reconnect = field(default_factory=Reconnect)
    call_timeout: float = 30.0
    """How long a unary call waits for its response, in seconds, before the connection is considered dead."""
    tls: Tls | None = None
    token: Token | None = field(default=None, repr=False)
    allow_insecure_token: bool = False

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
            remedy = f"use {printable(rest.rstrip('/'))} without the scheme, and tls=Tls() for TLS"
            raise invalid_argument("address", f"is {printable(address)!r}; {remedy}")
        timeout = self.call_timeout
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
            raise invalid_argument(
                "call_timeout", f"is {printable(repr(timeout))}; it must be a number of seconds above 0"
            )
        if not isinstance(self.metadata, Mapping):
            raise invalid_argument("metadata", f"is a {type(self.metadata).__name__}; it must be a mapping")
        if self.tls is not None and not isinstance(self.tls, Tls):
            raise invalid_argument("tls", f"is a {type(self.tls).__name__}; it must be a Tls")
        if self.tls is not None and self.credentials is not None:
            raise invalid_argument("tls", "and credentials are both set; set one of them")
        if not isinstance(self.allow_insecure_token, bool):
            raise invalid_argument(
                "allow_insecure_token", f"is a {type(self.allow_insecure_token).__name__}; it must be a bool"
            )
        check_token(self.token)
        if self.token is not None:
            self._ensure_protected("token")
        if isinstance(self.token, str):
            object.__setattr__(self, "token", Secret(self.token))
        self.call_metadata()

    @property
    def is_token_renewed(self) -> bool:
        """Whether the next token may be another one."""
        return callable(self.token)

    def channel_credentials(self) -> grpc.ChannelCredentials | None:
        """Returns the gRPC credentials; None for clear text."""
        return self.credentials if self.tls is None else self.tls.channel_credentials()

    def error_of_call(self, call: FailedCall) -> DispatcherError:
        """Converts the error of a call. If there was no connection, the text says what may be wrong."""
        error = error_of_call(call)
        if not isinstance(error, UnavailableError) or error.reason != error.code.name:
            return error
        hint = connection_hint(error.details, self._no_answer_hint())
        return UnavailableError(error.code, f"{error.details}; {hint}") if hint else error

    def _no_answer_hint(self) -> str:
        if self.tls is None:
            return (
                "the server may require TLS; see `tls`"
                if self.credentials is None
                else "the server may refuse the credentials of this client"
            )
        if self.tls.cert is None:
            return "the server may require a client certificate; see `tls.cert`"
        return "the server may not trust the certificate of this client, or it may have expired"

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
        tls = {} if self.tls is None else self.tls.channel_arguments()
        return list({**defaults, **tls, **dict(self.channel_options)}.items())

    def call_metadata(
        self, context: Mapping[str, str | bytes] | None = None, header: Secret | None = None
    ) -> Metadata:
        """Returns the gRPC metadata of a call, with the header that has its token.

        Raises:
            InvalidArgumentError: An entry is not valid gRPC metadata, or must not be sent in clear text.
        """
        entries = {**self.metadata, **(context or {})}
        found: dict[str, str | bytes] = {}
        for key, value in entries.items():
            if not isinstance(key, str) or not isinstance(value, (str, bytes)):
                raise invalid_argument(f"metadata.{key}", "is neither str nor bytes")
            name = key.lower()
            _check_entry(name, value)
            if name == AUTHORIZATION:
                self._ensure_protected(f"metadata.{AUTHORIZATION}")
            found[name] = Secret(value) if isinstance(value, str) else value
        if header is not None:
            found[AUTHORIZATION] = header
        return tuple(found.items())

    def _ensure_protected(self, name: str) -> None:
        is_encrypted = self.tls is not None or _encrypts(self.credentials)
        if not (is_encrypted or self.allow_insecure_token or is_local(self.address)):
            remedy = "set tls, or allow_insecure_token if something else encrypts"
            raise invalid_argument(
                name, f"would be sent in clear text to {printable(self.address)!r}; {remedy}"
            )


def is_local(address: str) -> bool:
    """Returns whether an address leads to this machine for certain: loopback or a Unix socket."""
    scheme, separator, rest = address.partition(":")
    if separator and scheme in ("unix", "unix-abstract"):
        return True
    if separator and scheme in ("dns", "ipv4", "ipv6"):
        # Without the authority, which is empty unless another DNS server is asked.
        address = rest[3:] if rest.startswith("///") else rest
    return all(_is_loopback(each) for each in address.split(","))


def _is_loopback(address: str) -> bool:
    host = re.sub(r":\d+$", "", address) if address.count(":") == 1 or "]:" in address else address
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if host.lower() == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _encrypts(credentials: grpc.ChannelCredentials | None) -> bool:
    # gRPC has no public way to tell these from others.
    inner = getattr(credentials, "_credentials", None)
    return credentials is not None and type(inner).__name__ != "InsecureChannelCredentials"


def _check_entry(key: str, value: str | bytes) -> None:
    """Rejects an entry that gRPC does not send; the error does not have the value, which may be secret."""
    if not _KEY.fullmatch(key):
        raise invalid_argument(
            f"metadata.{printable(key)}", "has a name with other characters than letters, digits, and _ . -"
        )
    if key.endswith("-bin"):
        if not isinstance(value, bytes):
            raise invalid_argument(
                f"metadata.{key}", "is str; an entry whose name ends in -bin must be bytes"
            )
        return
    text = value if isinstance(value, str) else value.decode("latin-1")
    if not text.isascii():
        raise invalid_argument(f"metadata.{key}", "is not ASCII")
    if not _VALUE.fullmatch(text):
        raise invalid_argument(f"metadata.{key}", "has line ends or other control characters")
