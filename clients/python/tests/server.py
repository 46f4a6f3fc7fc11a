"""A real dispatcher for tests: a process that can be restarted, killed and frozen, behind a link that can be cut."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
READY = "listening on "


def command() -> list[str]:
    """Returns the command that starts a dispatcher: ATE_DISPATCHER_COMMAND, or the build of this repository."""
    configured = os.environ.get("ATE_DISPATCHER_COMMAND")
    return shlex.split(configured) if configured else ["node", str(ROOT / "dist" / "main.js")]


class Server:
    """A dispatcher that keeps its address across restarts."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.address = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Starts a process at the address."""
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("ATE_DISPATCHER_")
        }
        self._process = subprocess.Popen(
            [*command(), "serve", "--listen", self.address, "--log-level", "error", *self._options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith(READY), f"{command()} does not serve; is it built? It printed {line!r}"
        self.address = line.removeprefix(READY).strip()

    def kill(self) -> None:
        """Kills the process without a drain."""
        self._signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """Drains and ends the process."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        self._wait()

    def freeze(self) -> None:
        """Suspends the process: its sockets stay open, but it does not answer."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resumes the process."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _wait(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()


class Link:
    """A TCP proxy in front of a server. A frozen connection is half-open: the proxy drops all bytes of it."""

    def __init__(self, target: str) -> None:
        host, port = target.split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        self._generation = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Drops all bytes of the current connections; new connections work."""
        self._generation += 1

    def cut(self) -> None:
        """Closes the current connections."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            _close(each)

    def close(self) -> None:
        """Closes the proxy and its connections."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self.connections += 1
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(
                    target=self._pump, args=(source, sink, self._generation), daemon=True
                ).start()

    def _pump(self, source: socket.socket, sink: socket.socket, generation: int) -> None:
        try:
            while data := source.recv(65_536):
                if generation == self._generation:
                    sink.sendall(data)
        except OSError:
            pass
        if generation == self._generation:
            _close(sink)


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
