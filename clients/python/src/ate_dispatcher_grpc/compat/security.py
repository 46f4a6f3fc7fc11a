"""TLS and the token of an ATEDispatcher: what the program passes, else what the environment says."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final, TypedDict

from ate_dispatcher_grpc._failures import printable
from ate_dispatcher_grpc._token import Token
from ate_dispatcher_grpc.errors import InvalidArgumentError, invalid_argument
from ate_dispatcher_grpc.tls import Tls

TLS: Final = "ATE_DISPATCHER_TLS"
TLS_CA: Final = "ATE_DISPATCHER_TLS_CA"
TLS_CERT: Final = "ATE_DISPATCHER_TLS_CERT"
TLS_KEY: Final = "ATE_DISPATCHER_TLS_KEY"
SERVER_NAME: Final = "ATE_DISPATCHER_SERVER_NAME"
TOKEN: Final = "ATE_DISPATCHER_TOKEN"
TOKEN_FILE: Final = "ATE_DISPATCHER_TOKEN_FILE"
ALLOW_INSECURE_TOKEN: Final = "ATE_DISPATCHER_ALLOW_INSECURE_TOKEN"

VARIABLES: Final = (TLS, TLS_CA, TLS_CERT, TLS_KEY, SERVER_NAME, TOKEN, TOKEN_FILE, ALLOW_INSECURE_TOKEN)
"""The environment variables of a client, which are those of the commands of ate-dispatcher."""

_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


class Security(TypedDict):
    """The options of the client."""

    tls: Tls | None
    token: Token | None
    allow_insecure_token: bool


def security(tls: Tls | None, token: Token | None, allow_insecure_token: bool | None) -> Security:
    """Returns the options of the client. What is None comes from the environment.

    Raises:
        InvalidArgumentError: A variable has no usable value; the error names it.
    """
    if allow_insecure_token is None:
        allow_insecure_token = _switch(ALLOW_INSECURE_TOKEN)
    return Security(
        tls=_tls() if tls is None else tls,
        token=_token() if token is None else token,
        allow_insecure_token=bool(allow_insecure_token),
    )


def _tls() -> Tls | None:
    ca, cert, key, server_name = (
        os.environ.get(each) or None for each in (TLS_CA, TLS_CERT, TLS_KEY, SERVER_NAME)
    )
    is_on = _switch(TLS)
    if not is_on and all(each is None for each in (ca, cert, key, server_name)):
        return None
    if (cert is None) != (key is None):
        given, missing = (TLS_CERT, TLS_KEY) if key is None else (TLS_KEY, TLS_CERT)
        raise invalid_argument(given, f"is set without {missing}; set both, or neither")
    try:
        return Tls(
            ca=None if ca is None else _content(TLS_CA, ca),
            cert=None if cert is None else _content(TLS_CERT, cert),
            key=None if key is None else _content(TLS_KEY, key),
            server_name=server_name,
        )
    except InvalidArgumentError as error:
        field = error.field_violations[0]
        variable = {
            "tls.ca": TLS_CA,
            "tls.cert": TLS_CERT,
            "tls.key": TLS_KEY,
            "tls.server_name": SERVER_NAME,
        }
        if field.field in variable:
            raise invalid_argument(variable[field.field], field.description) from None
        raise


def _token() -> Token | None:
    path = os.environ.get(TOKEN_FILE)
    if not path:
        return os.environ.get(TOKEN) or None
    if not _read_token(path):
        raise invalid_argument(
            TOKEN_FILE, f"names {printable(path)}, which is empty; write the token into it"
        )
    # Tokens in files are replaced before they expire.
    return functools.partial(_read_token, path)


def _read_token(path: str) -> str:
    return _content(TOKEN_FILE, path).decode("latin-1").strip()


def _content(variable: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise invalid_argument(
            variable, f"names {printable(path)}, which cannot be read ({why}); name a readable file"
        ) from None


def _switch(variable: str) -> bool:
    value = os.environ.get(variable) or "false"
    if value.lower() not in _SWITCHES:
        raise invalid_argument(variable, f"is {printable(repr(value))}; use true or false")
    return _SWITCHES[value.lower()]
