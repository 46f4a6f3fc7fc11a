"""A real dispatcher with TLS, a token file and a policy."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.certificates import Authority
from tests.server import Server

TOKEN = "good"
POLICY = """\
version: 1
rules:
  - principals: [vault]
    allow: { request: ["secured.>"], produce: ["secured.>"], listen: ["secured.>"] }
"""


def secured_server(folder: Path, ca: Authority, *, mutual: bool = False) -> Server:
    """Starts a dispatcher. The principal vault, whose token is TOKEN, may do everything on `secured.>`."""
    own = ca.issue("dispatcher")
    files = {
        "tokens.yaml": f'- id: vault\n  sha256: "{hashlib.sha256(TOKEN.encode()).hexdigest()}"\n',
        "policy.yaml": POLICY,
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    options = [
        *("--tls-cert-file", str(own.cert_file), "--tls-key-file", str(own.key_file)),
        *("--auth-tokens-file", str(folder / "tokens.yaml"), "--policy-file", str(folder / "policy.yaml")),
    ]
    if mutual:
        options += ["--tls-client-ca-file", str(ca.identity.cert_file), "--tls-client-auth", "require"]
    return Server(*options)
