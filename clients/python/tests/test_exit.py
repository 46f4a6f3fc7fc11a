"""A program that closes nothing still exits."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from ate_dispatcher_grpc import Client

SERVING = """
import sys, threading
from ate_dispatcher_grpc import Client
client = Client(sys.argv[1])
started = threading.Event()
producer = client.producer(["exit"], lambda a: started.set() or threading.Event().wait()).ready(10)
listener = client.listener(["exit"], lambda r: None).ready(10)
client.dispatch("exit", ttl=60)
assert started.wait(10)
gather = client.gather("exit", ttl=60)
gather.acceptance
"""

ASYNC = """
import asyncio, sys
from ate_dispatcher_grpc.aio import Client
async def main():
    client = Client(sys.argv[1])
    await client.producer(["exit-a"], lambda a: 1).ready()
    listener = await client.listener(["exit-a"]).ready()
    await client.dispatch("exit-a")
    print((await listener.get()).value)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "program", [SERVING, SERVING + "raise SystemExit(0)", ASYNC], ids=["threads", "exit", "asyncio"]
)
def test_the_interpreter_exits(address: str, program: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", program, address], capture_output=True, text=True, timeout=20, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_collected_client_leaves_no_exit_hook(is_closed: bool) -> None:
    client = Client("127.0.0.1:1")
    hook = weakref.ref(client._connection._exit_hook)
    if is_closed:
        client.close()
    del client
    gc.collect()
    # The interpreter would keep a registered hook alive.
    assert hook() is None
