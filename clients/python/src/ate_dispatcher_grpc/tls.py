"""TLS to the dispatcher."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field

import grpc

from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc.errors import invalid_argument

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s.*?-----END CERTIFICATE-----", re.S)
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s.*?-----END (?:[A-Z]+ )?PRIVATE KEY-----", re.S)
_ENCRYPTED = re.compile(r"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.M)


@dataclass(frozen=True)
class Tls:
    """How a client checks the dispatcher's certificate, and its own certificate. `Tls()` uses the defaults.

    Certificates and keys are PEM: the content of a file, not its path. Raises InvalidArgumentError if one cannot be
    used. Its repr shows neither.
    """

    ca: str | bytes | None = field(default=None, repr=False)
    """The certificates of the authorities that may sign the dispatcher's. Default: those that gRPC trusts."""
    cert: str | bytes | None = field(default=None, repr=False)
    """The certificate of this client, followed by intermediate certificates; needs `key`. Default: none."""
    key: str | bytes | None = field(default=None, repr=False)
    """The private key of `cert`, not encrypted. Default: none."""
    server_name: str | None = None
    """The name that the dispatcher's certificate must have. Default: the host in the address."""

    def __post_init__(self) -> None:
        _check_certificates("tls.ca", self.ca)
        _check_certificates("tls.cert", self.cert)
        _check_key(self.key)
        if (self.cert is None) != (self.key is None):
            raise invalid_argument("tls", "has only one of cert and key; set both, or neither")
        name = self.server_name
        if name is not None and not (isinstance(name, str) and re.fullmatch("[\x21-\x7e]+", name)):
            raise invalid_argument("tls.server_name", f"is {printable(repr(name))}; it must be a host name")

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Returns the gRPC credentials."""
        return grpc.ssl_channel_credentials(_bytes_of(self.ca), _bytes_of(self.key), _bytes_of(self.cert))

    def channel_arguments(self) -> dict[str, str]:
        """Returns the gRPC channel options."""
        name = self.server_name
        return {} if name is None else {"grpc.ssl_target_name_override": name, "grpc.default_authority": name}


def _check_certificates(name: str, pem: object) -> None:
    if pem is None:
        return
    found = _CERTIFICATE.findall(_text_of(name, pem))
    if not found:
        raise invalid_argument(
            name,
            "has no certificate in PEM; give the content of the file, for example Path(...).read_bytes()",
        )
    try:
        # gRPC would only fail to connect.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata="\n".join(found))
    except (ssl.SSLError, ValueError):
        raise invalid_argument(name, "has a damaged certificate; write the file again") from None


def _check_key(pem: object) -> None:
    if pem is None:
        return
    text = _text_of("tls.key", pem)
    if _ENCRYPTED.search(text):
        raise invalid_argument("tls.key", "is encrypted; give the decrypted key")
    if not _KEY.search(text):
        raise invalid_argument("tls.key", "has no private key in PEM; give the content of the file")


def _text_of(name: str, pem: object) -> str:
    if isinstance(pem, str):
        return pem
    if isinstance(pem, bytes):
        return pem.decode("latin-1")
    raise invalid_argument(name, f"is a {type(pem).__name__}; it must be str or bytes")


def _bytes_of(pem: str | bytes | None) -> bytes | None:
    return pem.encode() if isinstance(pem, str) else pem
