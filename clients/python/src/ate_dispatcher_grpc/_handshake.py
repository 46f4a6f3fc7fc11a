"""Says what may be wrong if a connection fails: gRPC names the failure, but no remedy."""

from __future__ import annotations

from typing import Final

# What gRPC says about a connection that it could not establish. A connection that breaks later says something else.
_NOT_ESTABLISHED: Final = "failed to connect"

_HINTS: Final = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the server's certificate has expired, or `tls.ca` has not the authority that signed it",
    ),
    (
        "Hostname Verification",
        "the server's certificate has another name; if that is right, set `tls.server_name`",
    ),
    ("WRONG_VERSION_NUMBER", "the server may not use TLS"),
    ("create security handshaker", "`tls` cannot be used: is `tls.key` the key of `tls.cert`?"),
)

# With TLS 1.3 a client has finished the handshake before the server checks its certificate. A refusal is then the end
# of the connection, or an alert that gRPC reports as data that cannot be unwrapped. A server that expects TLS ends a
# connection in clear text in the same way.
_ENDED: Final = (
    "Socket closed",
    "Connection reset",
    "Broken pipe",
    "EOF",
    "ALERT",
    "alert",
    "Unwrap failed",
)


def connection_hint(details: str, no_answer: str) -> str:
    """Returns what may be wrong if a call failed with these details; an empty text if nothing is known.

    Args:
        details: The details of a status UNAVAILABLE that gRPC itself has set.
        no_answer: What may be wrong if the server ends the connection before its first message.
    """
    if _NOT_ESTABLISHED not in details:
        return ""
    for sign, hint in _HINTS:
        if sign in details:
            return hint
    return no_answer if any(sign in details for sign in _ENDED) else ""
