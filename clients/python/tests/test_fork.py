"""Forked and spawned processes: clear errors, fresh clients, and a dispatcher that ends with its program."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tests import server as servers

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
    pytest.mark.timeout(40),
]

CALLS = """
import asyncio, os, sys
from ate_dispatcher_grpc import Client, DispatcherError, aio
address = sys.argv[1]

def attempt(name, call):
    try:
        print(name, call() or "done", flush=True)
    except DispatcherError as error:
        print(name, error.reason, error.details, flush=True)
"""

THREADS = (
    CALLS
    + """
client = Client(address)
producer = client.producer(["fork"], lambda a: a.cancelled.wait(20) and None).ready(10)
listener = client.listener(["fork"]).ready(10)
gather = client.gather("fork", ttl=20)
gather.acceptance
child = os.fork()
if child == 0:
    for name, call in {
        "dispatch": lambda: client.dispatch("fork"),
        "validate": lambda: client.validate("fork"),
        "gather": lambda: client.gather("fork"),
        "cancel_request": lambda: client.cancel_request("r"),
        "update_listener": lambda: client.update_listener("l"),
        "producer": lambda: client.producer(["t"], lambda a: 1),
        "listener": lambda: client.listener(["t"]),
        "wait_for_ready": lambda: client.wait_for_ready(30),
        "ready": lambda: producer.ready(),
        "register": lambda: producer.register("t"),
        "deregister": lambda: producer.deregister("t"),
        "set_concurrency": lambda: producer.set_concurrency(2),
        "wait": lambda: producer.wait(),
        "add": lambda: listener.add("t"),
        "remove": lambda: listener.remove("t"),
        "get": lambda: listener.get(),
        "loop": lambda: next(iter(listener)),
        "results": lambda: next(gather),
        "summary": lambda: gather.summary,
        "cancel": lambda: gather.cancel(),
    }.items():
        attempt(name, call)
    attempt("fresh", lambda: Client(address))
    for each in (gather, producer, listener, client):
        attempt("close", each.close)
    LEAVE
os.waitpid(child, 0)
gather.close()
print("parent", client.dispatch("fork", ttl=1).targets[0].producer_id == producer.id)
client.close(0)
"""
)

ASYNC = (
    CALLS
    + """
async def main():
    client = aio.Client(address)
    producer = await client.producer(["fork"], lambda a: 1).ready()
    listener = await client.listener(["fork"]).ready()
    child = os.fork()
    if child == 0:
        for name, call in {
            "dispatch": lambda: client.dispatch("fork"),
            "ready": lambda: producer.ready(),
            "register": lambda: producer.register("t"),
            "add": lambda: listener.add("t"),
            "get": lambda: listener.get(),
        }.items():
            coroutine = call()
            attempt(name, lambda: coroutine.send(None))
        attempt("gather", lambda: client.gather("t"))
        for each in (producer, listener, client):
            try:
                each.close().send(None)
            except StopIteration:
                print("close done", flush=True)
        LEAVE
    os.waitpid(child, 0)
    print("parent", (await client.dispatch("fork")).targets[0].producer_id == producer.id)
    await client.close()
asyncio.run(main())
"""
)


def run(program: str, *arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("program", "leave", "environment"),
    [
        (THREADS, "os._exit(0)", {}),
        (THREADS, "sys.exit(0)", {}),
        # A child that unwinds the event loop of its parent is beyond a library, and so are the threads that the fork
        # handlers of gRPC start in the child of a program with asyncio: in one of six runs they crash it.
        (ASYNC, "os._exit(0)", {"GRPC_ENABLE_FORK_SUPPORT": "0"}),
    ],
    ids=["threads", "threads-exit", "asyncio"],
)
def test_a_forked_child_gets_a_clear_error_at_once(
    address: str, program: str, leave: str, environment: dict[str, str]
) -> None:
    *lines, last = run(program.replace("LEAVE", leave), address, **environment)
    assert last == "parent True"
    for line in lines:
        name, reason, *_ = line.split()
        assert reason == ("done" if name == "close" else "FORKED"), line
    assert any("this client belongs to process" in line for line in lines)


def test_a_fork_before_the_first_client_may_use_one(address: str) -> None:
    program = """
    import os, sys
    from ate_dispatcher_grpc import Client
    child = os.fork()
    with Client(sys.argv[1]) as client:
        client.validate("t")
    if child == 0:
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    """
    run(textwrap.dedent(program), address)


def test_a_fork_after_the_last_client_is_closed_may_use_one(address: str) -> None:
    program = """
    import os, sys
    from ate_dispatcher_grpc import Client
    with Client(sys.argv[1]) as client:
        client.validate("t")
    child = os.fork()
    with Client(sys.argv[1]) as client:
        client.validate("t")
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    """
    run(textwrap.dedent(program), address)


def test_a_fresh_client_works_in_the_child_with_the_fork_support_of_grpc(address: str) -> None:
    program = """
    import os, sys
    from ate_dispatcher_grpc import Client
    client = Client(sys.argv[1])
    client.validate("t")
    child = os.fork()
    if child == 0:
        with Client(sys.argv[1]) as fresh:
            fresh.validate("t")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    client.close()
    """
    run(textwrap.dedent(program), address, GRPC_ENABLE_FORK_SUPPORT="1")


WORKER = """
import sys
from ate_dispatcher_grpc import Client

def work(address, results):
    with Client(address) as client:
        results.put(client.dispatch("t").request_id)
"""

SPAWN = """
import multiprocessing, sys
sys.path.insert(0, sys.argv[2])
import worker
from ate_dispatcher_grpc import Client
if __name__ == "__main__":
    with Client(sys.argv[1]) as client:
        client.validate("t")
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        process = context.Process(target=worker.work, args=(sys.argv[1], results))
        process.start()
        assert results.get(timeout=15)
        process.join(15)
        assert process.exitcode == 0
"""


def test_a_spawned_process_uses_a_client_of_its_own(address: str, tmp_path: object) -> None:
    folder = str(tmp_path)
    with open(os.path.join(folder, "worker.py"), "w") as file:
        file.write(WORKER)
    run(SPAWN, address, folder)


DROP_IN = """
import multiprocessing, os, sys, threading, time
from ate_dispatcher_grpc import DispatcherError
from ate_dispatcher_grpc.compat import ATEDispatcher
dispatcher = ATEDispatcher()
dispatcher.start()
def work():
    for call in (lambda: dispatcher.send_request("t"), dispatcher.stop):
        try:
            call()
        except DispatcherError as error:
            # One write, so that the lines of the two processes do not mix.
            os.write(1, f"{error.reason}\\n".encode())
    time.sleep(60)
worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
os.write(1, f"{dispatcher._embedded._process.pid} {worker.pid}\\n".encode())
sys.stdin.readline()
"""


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_dispatcher_of_the_drop_in_ends_although_a_forked_worker_runs(end: str) -> None:
    program = DROP_IN + "dispatcher.stop(); dispatcher.join(); os._exit(0)\n"
    environment = {**os.environ, "ATE_DISPATCHER_COMMAND": shlex.join(servers.command())}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    worker = 0
    try:
        lines = sorted(process.stdout.readline().strip() for _ in range(2))
        guard, worker = next(map(int, line.split()) for line in lines if line[:1].isdigit())
        assert "FORKED" in lines
        if end == "stop":
            process.stdin.write("\n")
            process.stdin.flush()
        else:
            process.kill()
        process.wait(20)
        until = time.monotonic() + 20
        while _group_is_alive(guard):
            assert time.monotonic() < until, "the dispatcher is an orphan"
            time.sleep(0.05)
    finally:
        if worker:
            os.kill(worker, signal.SIGKILL)
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
