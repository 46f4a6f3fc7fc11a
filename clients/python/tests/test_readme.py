"""The examples of the README, run unchanged except for the address, print the output it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api

from tests.certificates import Authority
from tests.secured import TOKEN, secured_server

README = Path(__file__).resolve().parents[1] / "README.md"
EXAMPLE = re.compile(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```\n\n```text\n(.*?)```", re.M | re.S)

TITLES = [
    "Serve a topic",
    "Listen",
    "Dispatch",
    "Gather with a policy",
    "Cancel",
    "asyncio",
    "TLS and tokens",
]


def examples() -> dict[str, tuple[str, str]]:
    return {title: (code, output) for title, code, output in EXAMPLE.findall(README.read_text())}


def start(code: str, address: str, folder: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code.replace("127.0.0.1:50051", address)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    )


def run(title: str, address: str, folder: Path | None = None) -> None:
    code, expected = examples()[title]
    output, errors = start(code, address, folder).communicate(timeout=30)
    assert (output, errors) == (expected, "")


def test_the_examples_are_in_order() -> None:
    assert list(examples()) == [*TITLES, "Drop-in for ate-dispatcher 0.1.0"]


@pytest.mark.parametrize("title", TITLES)
def test_an_example_is_well_typed(title: str) -> None:
    result = api.run(["--strict", "--config-file", "", "-c", examples()[title][0]])
    assert result == ("Success: no issues found in 1 source file\n", "", 0)


def test_the_five_examples_work_together(address: str) -> None:
    serve, _ = examples()["Serve a topic"]
    listen, heard = examples()["Listen"]
    with start(serve, address) as server, start(listen, address) as listener:
        try:
            assert server.stdout is not None
            assert listener.stdout is not None
            assert server.stdout.readline() == "serving as vendor\n"
            assert listener.stdout.readline() == "listening\n"
            for title in ("Dispatch", "Gather with a policy", "Cancel"):
                run(title, address)
            assert "listening\n" + listener.communicate(timeout=10)[0] == heard
            assert server.stdout.readline() == "revoked: CANCELLED: the assignment was revoked: REQUESTED\n"
        finally:
            server.kill()
            listener.kill()


def test_the_asyncio_example(address: str) -> None:
    run("asyncio", address)


def test_the_secured_example(tmp_path: Path) -> None:
    ca = Authority(tmp_path / "ca")
    (tmp_path / "ca.crt").write_bytes(ca.pem)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    server = secured_server(tmp_path, ca)
    try:
        run("TLS and tokens", server.address, tmp_path)
    finally:
        server.stop()


def test_the_drop_in_example(address: str) -> None:
    run("Drop-in for ate-dispatcher 0.1.0", address)
