"""A dispatcher of one's own: a process that lives as long as this one at most."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from ate_dispatcher_grpc.errors import UnavailableError, unavailable

_GUARD = Path(__file__).with_name("_guard.py")
_READY = "listening on "

# How long a process may take to start, and to end, in seconds.
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0

_REMEDY = (
    "pass ATEDispatcher an address, set ATE_DISPATCHER_ADDRESS to one, or install the command (npm install --global "
    "ate-dispatcher), or say in ATE_DISPATCHER_COMMAND how to start it"
)


def dispatcher_command() -> list[str]:
    """Returns how to start a dispatcher.

    Raises:
        UnavailableError: reason NO_DISPATCHER; its text says what to do.
    """
    configured = os.environ.get("ATE_DISPATCHER_COMMAND")
    if configured:
        return shlex.split(configured)
    found = shutil.which("ate-dispatcher")
    if found is None:
        raise unavailable(f"no dispatcher: ate-dispatcher is not on the PATH; {_REMEDY}", "NO_DISPATCHER")
    return [found]


class EmbeddedDispatcher:
    """Starts the process and waits until it listens; `address` says where."""

    def __init__(self) -> None:
        """Starts it.

        Raises:
            UnavailableError: reason NO_DISPATCHER.
        """
        command = [*dispatcher_command(), "serve", "--listen", "127.0.0.1:0"]
        # In a session of its own, so that Ctrl-C in a terminal does not end it before the program is done with it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=_child_environment(),
        )
        self._stderr_lines: deque[str] = deque(maxlen=20)
        self._reader = threading.Thread(target=self._read_stderr, name="ate-dispatcher-stderr", daemon=True)
        self._reader.start()
        self.address = self._wait_until_it_listens()

    def stop(self) -> None:
        """Ends it, by force if it takes too long."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _wait_until_it_listens(self) -> str:
        kill_timer = threading.Timer(_START_TIMEOUT, self._process.kill)
        kill_timer.daemon = True
        kill_timer.start()
        try:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                if line.startswith(_READY):
                    return line.removeprefix(_READY).strip()
        finally:
            kill_timer.cancel()
        raise self._start_error()

    def _start_error(self) -> UnavailableError:
        self.stop()
        notes = " ".join(" ".join(self._stderr_lines).split()) or f"it ended with {self._process.returncode}"
        return unavailable(f"the dispatcher could not be started: {notes}; {_REMEDY}", "NO_DISPATCHER")

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._stderr_lines.append(line)


def _child_environment() -> dict[str, str]:
    # The server takes ATE_DISPATCHER_* for settings of its own, and refuses those it does not know.
    ours = ("ATE_DISPATCHER_COMMAND", "ATE_DISPATCHER_ADDRESS")
    return {name: value for name, value in os.environ.items() if name not in ours}
