"""The Python programs of the root README, run unchanged except for the address, print the output it shows."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from mypy import api

from .server import ROOT

PROGRAM = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.M | re.S)
PROGRAMS = PROGRAM.findall((ROOT / "README.md").read_text())


def test_the_readme_has_a_program() -> None:
    assert PROGRAMS


@pytest.mark.parametrize(("code", "shown"), PROGRAMS)
def test_a_program_prints_the_shown_output(code: str, shown: str, address: str) -> None:
    command = [sys.executable, "-c", code.replace("127.0.0.1:50051", address)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (run.stdout, run.stderr) == (shown, "")


@pytest.mark.parametrize(("code", "_"), PROGRAMS)
def test_a_program_is_well_typed(code: str, _: str) -> None:
    result = api.run(["--strict", "--config-file", "", "-c", code])
    assert result == ("Success: no issues found in 1 source file\n", "", 0)
