from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from ate_dispatcher_grpc import Client, Reconnect
from tests.server import Link, Server

FAST = Reconnect(initial_delay=0.02, max_delay=0.2)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def address(shared_server: Server) -> str:
    return shared_server.address


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for one test, with frequent heartbeats."""
    server = Server("--heartbeat-ms", "300", "--drain-grace-ms", "500")
    yield server
    server.stop()


@pytest.fixture
def link(server: Server) -> Iterator[Link]:
    link = Link(server.address)
    yield link
    link.close()


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, reconnect=FAST) as client:
        yield client


@pytest.fixture
def topic() -> str:
    """A topic that no other test uses."""
    return f"t-{uuid4().hex}"


@pytest.fixture(autouse=True)
def no_thread_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.module.__name__.endswith("compat_original"):
        # As in the original, the whole module shares one dispatcher.
        yield
        return
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3
    while leaked := [each for each in set(threading.enumerate()) - before if _is_ours(each)]:
        assert time.monotonic() < deadline, f"leaked threads: {leaked}"
        time.sleep(0.01)


def _is_ours(thread: threading.Thread) -> bool:
    return thread.name.startswith("ate-dispatcher")
