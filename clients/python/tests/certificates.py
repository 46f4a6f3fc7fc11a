"""Certificates for tests, made with openssl when they are needed: no private key is in the repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ate_dispatcher_grpc import Tls

NAMES = "DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, as files."""

    cert_file: Path
    key_file: Path

    @property
    def cert(self) -> bytes:
        return self.cert_file.read_bytes()

    @property
    def key(self) -> bytes:
        return self.key_file.read_bytes()


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        self.identity = self._files("ca")
        self._openssl(
            *(
                "req",
                "-x509",
                *self._new_key("ca"),
                "-days",
                "2",
                "-out",
                "ca.pem",
                "-subj",
                "/CN=test authority",
            ),
            *("-addext", "basicConstraints=critical,CA:TRUE"),
        )

    @property
    def pem(self) -> bytes:
        return self.identity.cert

    @property
    def tls(self) -> Tls:
        """What trusts the authority."""
        return Tls(ca=self.pem)

    def issue(self, name: str, subject_alt_name: str = NAMES) -> Identity:
        """Issues a certificate."""
        self._openssl("req", *self._new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        extensions = f"subjectAltName={subject_alt_name}\nextendedKeyUsage=serverAuth,clientAuth\n"
        (self._folder / f"{name}.ext").write_text(extensions)
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "2", "-out", f"{name}.pem", "-extfile", f"{name}.ext"),
        )
        return self._files(name)

    def _files(self, name: str) -> Identity:
        return Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")

    def _new_key(self, name: str) -> tuple[str, ...]:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        return (*curve, "-nodes", "-keyout", f"{name}.key")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)
