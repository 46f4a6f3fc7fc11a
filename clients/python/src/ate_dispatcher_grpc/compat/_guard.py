"""Runs a command until it exits or its parent has ended: `python _guard.py PARENT COMMAND...`, with the parent's pid.

The parent may be killed. Standard input then closes, unless a forked child of the parent holds the other end too: so
the guard also watches the pid. This file runs as a program of its own and imports only the standard library.
"""

import os
import signal
import subprocess
import sys
import threading

_TERMINATE_TIMEOUT = 12.0
_POLL_INTERVAL = 0.5


def main() -> None:
    """Runs the command."""
    parent, *command = sys.argv[1:]
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    must_end = threading.Event()

    def exit_with_child() -> None:
        code = child.wait()
        os._exit(code if code >= 0 else 128 - code)

    def end_with_input() -> None:
        sys.stdin.buffer.read()
        must_end.set()

    signal.signal(signal.SIGTERM, lambda *_: must_end.set())
    for target in (exit_with_child, end_with_input):
        threading.Thread(target=target, daemon=True).start()
    while not must_end.wait(_POLL_INTERVAL):
        # Windows keeps the pid of a parent that has ended.
        if os.name == "posix" and os.getppid() != int(parent):
            break
    child.terminate()
    try:
        child.wait(_TERMINATE_TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
    # Not by way of the interpreter's end, which would wait for the thread that reads standard input.
    os._exit(0)


if __name__ == "__main__":
    main()
