"""Runs the end of a client in a thread of its own, when the current thread is one that it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable


def run_in_background(call: Callable[[], object]) -> None:
    """Runs a function in a daemon thread."""
    threading.Thread(target=call, name="ate-dispatcher-close", daemon=True).start()
