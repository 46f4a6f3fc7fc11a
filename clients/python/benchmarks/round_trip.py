"""Measures round trips of this client and of a plain gRPC echo in Python, for `npm run bench:clients`.

Usage: python benchmarks/round_trip.py threads|asyncio echo|produce|measure [ARGUMENT...];
see bench/src/round-trip/peers.ts.
"""

from __future__ import annotations

import asyncio
import statistics
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


def echo() -> None:
    """Runs a plain gRPC server that echoes its requests."""
    server = grpc.server(ThreadPoolExecutor(4))
    handler: Any = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    sys.stdin.read()
    server.stop(None)


async def aio_echo() -> None:
    """Does the same, with asyncio."""

    async def answer(request: bytes, _: object) -> bytes:
        return request

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


def produce(address: str, topic: str) -> None:
    """Runs a producer that echoes its requests."""
    with Client(address) as client, client.producer([topic], lambda request: request.data):
        print("ready", flush=True)
        sys.stdin.read()


async def aio_produce(address: str, topic: str) -> None:
    """Does the same, with asyncio."""

    async def answer(request: aio.Assignment) -> bytes | None:
        return request.data

    async with aio.Client(address) as client, client.producer([topic], answer):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


def measure(address: str, topic: str, echo_address: str) -> None:
    """Reads lines of kind and count; makes that many round trips and prints their median in microseconds."""
    with Client(address) as client, grpc.insecure_channel(echo_address) as channel:
        plain: Any = channel.unary_unary(ECHO)
        trips: dict[str, Callable[[], object]] = {
            "gather": lambda: [result.data for result in client.gather(topic, data=PAYLOAD)],
            "echo": lambda: [plain(PAYLOAD)],
        }
        for line in sys.stdin:
            kind, count = line.split()
            taken = []
            for _ in range(int(count)):
                begin = time.perf_counter()
                answers = trips[kind]()
                taken.append((time.perf_counter() - begin) * 1e6)
                assert answers == [PAYLOAD]
            print(statistics.median(taken), flush=True)


async def aio_measure(address: str, topic: str, echo_address: str) -> None:
    """Does the same, with asyncio."""
    async with aio.Client(address) as client, grpc.aio.insecure_channel(echo_address) as channel:
        plain: Any = channel.unary_unary(ECHO)

        async def gather() -> list[object]:
            return [result.data async for result in client.gather(topic, data=PAYLOAD)]

        async def plain_echo() -> list[object]:
            return [await plain(PAYLOAD)]

        trips: dict[str, Callable[[], Awaitable[list[object]]]] = {"gather": gather, "echo": plain_echo}
        while line := await asyncio.to_thread(sys.stdin.readline):
            kind, count = line.split()
            taken = []
            for _ in range(int(count)):
                begin = time.perf_counter()
                answers = await trips[kind]()
                taken.append((time.perf_counter() - begin) * 1e6)
                assert answers == [PAYLOAD]
            print(statistics.median(taken), flush=True)


def main() -> None:
    """Runs one part, with threads or asyncio."""
    style, part, *arguments = sys.argv[1:]
    parts: dict[str, Any]
    if style == "threads":
        parts = {"echo": echo, "produce": produce, "measure": measure}
        parts[part](*arguments)
    else:
        parts = {"echo": aio_echo, "produce": aio_produce, "measure": aio_measure}
        asyncio.run(parts[part](*arguments))


if __name__ == "__main__":
    main()
