"""Round trips of this client beside plain gRPC echoes in Python, in one run: `python benchmarks/round_trip.py ADDRESS`.

Each round trip goes from this process to another one and back, one at a time: an echo directly, a gather through the
dispatcher to a producer. They take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio

from ate_dispatcher_grpc import Client, aio

ECHO = "/bench.Echo/Echo"
PAYLOAD = b"x" * 100
ROUNDS, TRIPS = 10, 100


def serve_echo() -> None:
    """Runs a plain gRPC server that echoes."""
    server = grpc.server(ThreadPoolExecutor(4))
    handler: Any = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"127.0.0.1:{port}", flush=True)
    sys.stdin.read()
    server.stop(None)


def serve_topic(address: str) -> None:
    """Runs a producer that echoes."""
    with Client(address) as client, client.producer(["bench"], lambda request: request.data):
        print("ready", flush=True)
        sys.stdin.read()


async def measure(address: str, echo_address: str) -> dict[str, list[float]]:
    """Returns the microseconds of each round trip, by name."""
    channel: Any = grpc.insecure_channel(echo_address)
    aio_channel: Any = grpc.aio.insecure_channel(echo_address)
    echo, aio_echo = channel.unary_unary(ECHO), aio_channel.unary_unary(ECHO)
    client, aio_client = Client(address), aio.Client(address)

    async def gather() -> None:
        assert [r.data async for r in aio_client.gather("bench", data=PAYLOAD)] == [PAYLOAD]

    trips: dict[str, Callable[[], Awaitable[object]]] = {
        "plain gRPC echo, threads": lambda: _done(echo(PAYLOAD)),
        "gather, threads": lambda: _done([r.data for r in client.gather("bench", data=PAYLOAD)]),
        "plain gRPC echo, asyncio": lambda: aio_echo(PAYLOAD),
        "gather, asyncio": gather,
    }
    taken: dict[str, list[float]] = {name: [] for name in trips}
    for turn in range(ROUNDS + 1):
        for name, trip in trips.items():
            for _ in range(TRIPS):
                begin = time.perf_counter()
                await trip()
                # The first turn is for warming up.
                if turn > 0:
                    taken[name].append((time.perf_counter() - begin) * 1e6)
    await aio_client.close()
    await aio_channel.close()
    client.close()
    channel.close()
    return taken


async def _done(value: object) -> object:
    return value


def main() -> None:
    """Starts both echoes and prints a table."""
    if sys.argv[1:2] == ["--echo"]:
        return serve_echo()
    if sys.argv[1:2] == ["--topic"]:
        return serve_topic(sys.argv[2])
    address = sys.argv[1]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, __file__]
    processes: list[Any] = [
        subprocess.Popen([*command, *arguments], **pipes) for arguments in (["--echo"], ["--topic", address])
    ]
    echo_address, _ = (process.stdout.readline().strip() for process in processes)
    taken = asyncio.run(measure(address, echo_address))
    for process in processes:
        process.communicate()
    print(f"{ROUNDS * TRIPS} round trips each, microseconds   median    p99")
    for name, each in taken.items():
        cuts = statistics.quantiles(each, n=100)
        print(f"{name:40} {cuts[49]:7.0f} {cuts[98]:6.0f}")
    return None


if __name__ == "__main__":
    main()
