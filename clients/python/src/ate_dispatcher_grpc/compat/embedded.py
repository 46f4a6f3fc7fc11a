"""A dispatcher process that this process starts and that ends with it at the latest."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

from ate_dispatcher_grpc.compat.security import VARIABLES
from ate_dispatcher_grpc.errors import UnavailableError, unavailable

_GUARD = Path(__file__).with_name("_guard.py")
_READY = "listening on "

# How long the process may take to start and to stop, in seconds.
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0

_REMEDY = (
    "pass an address to ATEDispatcher, set ATE_DISPATCHER_ADDRESS, install the command (npm install --global "
    "ate-dispatcher), or set ATE_DISPATCHER_COMMAND to the command that starts it"
)


def dispatcher_command() -> list[str]:
    """Returns the command that starts a dispatcher.

    Raises:
        UnavailableError: There is no command. The reason is NO_DISPATCHER; the message names the remedy.
    """
    configured = os.environ.get("ATE_DISPATCHER_COMMAND")
    if configured:
        return shlex.split(configured)
    found = shutil.which("ate-dispatcher")
    if found is None:
        raise unavailable(
            f"cannot start a dispatcher: ate-dispatcher is not on the PATH; {_REMEDY}", "NO_DISPATCHER"
        )
    return [found]


class EmbeddedDispatcher:
    """A dispatcher process; `address` is the address it listens on."""

    def __init__(self) -> None:
        """Starts the process and waits until it listens.

        Raises:
            UnavailableError: The process does not start. The reason is NO_DISPATCHER.
        """
        command = [*dispatcher_command(), "serve", "--listen", "127.0.0.1:0"]
        # start_new_session, so that Ctrl-C in a terminal does not end the dispatcher before the program has closed it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *command],
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
        """Stops the process; kills it if it takes longer than 15 s."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        # Closing its standard input is not enough: a forked child of this process may hold the other end too.
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._kill()
            process.wait()
        self._reader.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _kill(self) -> None:
        # The guard leads a process group with the dispatcher, which would outlive it otherwise.
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def _wait_until_it_listens(self) -> str:
        kill_timer = threading.Timer(_START_TIMEOUT, self._kill)
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
        notes = (
            " ".join(" ".join(self._stderr_lines).split())
            or f"it exited with code {self._process.returncode}"
        )
        return unavailable(f"the dispatcher could not be started: {notes}; {_REMEDY}", "NO_DISPATCHER")

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._stderr_lines.append(line)


def _child_environment() -> dict[str, str]:
    # The server reads its settings from ATE_DISPATCHER_* and rejects unknown ones.
    ours = ("ATE_DISPATCHER_COMMAND", "ATE_DISPATCHER_ADDRESS", *VARIABLES)
    return {name: value for name, value in os.environ.items() if name not in ours}
