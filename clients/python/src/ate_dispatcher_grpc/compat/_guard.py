"""Runs a command until it exits or standard input is closed: `python _guard.py COMMAND...`.

The process that holds the other end of standard input may be killed; then the pipe closes, and the command ends too.
This file runs as a program of its own and imports only the standard library.
"""

import os
import subprocess
import sys
import threading

_TERMINATE_TIMEOUT = 12.0


def main() -> None:
    """Runs the command."""
    try:
        child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")

    def exit_with_child() -> None:
        code = child.wait()
        os._exit(code if code >= 0 else 128 - code)

    threading.Thread(target=exit_with_child, daemon=True).start()
    sys.stdin.buffer.read()
    child.terminate()
    try:
        child.wait(_TERMINATE_TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    main()
