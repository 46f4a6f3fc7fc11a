"""Drives the Python client for asyncio by the adapter protocol of test/conformance. Argument: HOST:PORT."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, TypeVar

from grpc import StatusCode

from ate_dispatcher_grpc import DispatcherError, NotFoundError, Reconnect, ResultDelivery, __version__
from ate_dispatcher_grpc.aio import Client, Gather, Listener, Producer
from conformance_handler import ScriptedHandler
from conformance_options import listener_options, producer_options, secure_options
from conformance_views import (
    Fields,
    acceptance_view,
    delivery_view,
    error_view,
    request_options,
    summary_view,
)

T = TypeVar("T")


def write_line(line: Fields) -> None:
    """Writes one line to standard output."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


class ClientState:
    """The client and everything it opened since the last reset."""

    def __init__(self, address: str) -> None:
        self.client = Client(
            address, reconnect=Reconnect(initial_delay=0.02, max_delay=0.1), **secure_options()
        )
        self.producers: dict[str, tuple[Producer, ScriptedHandler]] = {}
        self.listeners: dict[str, Listener] = {}
        self.gathers: dict[str, Gather] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False

    def report(self, **event: Any) -> None:
        """Writes an event, unless a reset has closed it."""
        if not self._is_over:
            write_line(event)

    async def close(self) -> None:
        """Closes everything without a grace period."""
        self._is_over = True
        for gather in self.gathers.values():
            await gather.close()
        await self.client.close(0)
        for task in self._tasks:
            task.cancel()

    async def open_producer(self, fields: Fields) -> Fields:
        """Connects a producer."""
        name = fields["producer"]
        handler = ScriptedHandler(fields, self.report)
        topics, options = producer_options(fields, self.report)
        producer = self.client.producer(topics, handler.handle, **options)
        handler.close = lambda: producer.close(10.0)
        await producer.ready()
        self.producers[name] = (producer, handler)
        self._watch(producer, producer=name)
        return {"producer_id": producer.id}

    async def open_listener(self, fields: Fields) -> Fields:
        """Connects a listener."""
        name = fields["listener"]
        options = listener_options(fields, self.report)
        if fields.get("closes"):
            on_result = options["on_result"]

            async def close_after(result: ResultDelivery) -> None:
                on_result(result)
                await listener.close()

            options["on_result"] = close_after
        listener = self.client.listener(fields.get("topics") or [], **options)
        await listener.ready()
        self.listeners[name] = listener
        self._watch(listener, listener=name)
        return {"listener_id": listener.id}

    async def gather(self, fields: Fields) -> Fields:
        """Starts a gather."""
        name = fields["gather"]
        exclude = bool(fields.get("exclude_listeners"))
        gather = self.client.gather(fields["topic"], **request_options(fields), exclude_listeners=exclude)
        acceptance = await gather.acceptance
        self.gathers[name] = gather
        self._spawn(self._follow(name, gather))
        return {"acceptance": acceptance_view(acceptance)}

    async def _follow(self, name: str, gather: Gather) -> None:
        try:
            async for result in gather:
                self.report(event="gather.result", gather=name, **delivery_view(result))
            self.report(event="gather.summary", gather=name, **summary_view(await gather.summary))
        except DispatcherError as error:
            self.report(event="gather.failed", gather=name, error=error_view(error))

    def _watch(self, peer: Producer | Listener, **names: str) -> None:
        async def wait() -> None:
            try:
                await peer.wait()
            except DispatcherError as error:
                self.report(event="closed", **names, error=error_view(error))

        self._spawn(wait())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Adapter:
    """Reads commands and writes their responses."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._state = ClientState(address)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Runs until `quit` or the end of the input."""
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            command = json.loads(line)
            if command["op"] == "quit":
                write_line({"id": command["id"], "ok": True})
                break
            task = loop.create_task(self._answer(command))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._state.close()

    async def _answer(self, command: Fields) -> None:
        try:
            answer = await self._perform(command)
            write_line({"id": command["id"], "ok": True, **(answer or {})})
        except DispatcherError as error:
            write_line({"id": command["id"], "ok": False, "error": error_view(error)})
        except Exception as error:
            refusal = {"code": "UNKNOWN", "reason": "UNKNOWN", "message": f"{type(error).__name__}: {error}"}
            write_line({"id": command["id"], "ok": False, "error": refusal})

    async def _perform(self, command: Fields) -> Fields | None:
        op: str = command["op"]
        perform = getattr(self, "_" + op.replace(".", "_"), None)
        if perform is None or op in ("run", "answer", "perform"):
            raise DispatcherError(StatusCode.UNIMPLEMENTED, f"unknown op: {op}")
        return await perform(command)  # type: ignore[no-any-return]

    async def _hello(self, _: Fields) -> Fields:
        return {"language": "python", "version": __version__, "features": ["dispositions", "credit"]}

    async def _reset(self, _: Fields) -> None:
        state, self._state = self._state, ClientState(self._address)
        await state.close()

    async def _client_close(self, _: Fields) -> None:
        await self._state.client.close(0)

    async def _producer_open(self, command: Fields) -> Fields:
        return await self._state.open_producer(command)

    async def _producer_reply(self, command: Fields) -> None:
        await self._producer(command)[1].reply(command)

    async def _producer_register(self, command: Fields) -> None:
        producer, _ = self._producer(command)
        topics = command.get("topics") or [command["topic"]]
        group = command.get("group") or ""
        await asyncio.gather(*(producer.register(topic, group=group) for topic in topics))

    async def _producer_deregister(self, command: Fields) -> None:
        await self._producer(command)[0].deregister(command["topic"])

    async def _producer_credit(self, command: Fields) -> None:
        self._producer(command)[0].set_concurrency(command["concurrency"])

    async def _producer_drain(self, command: Fields) -> None:
        await self._producer(command)[0].close(command.get("grace_ms", 10_000) / 1000)

    async def _listener_open(self, command: Fields) -> Fields:
        return await self._state.open_listener(command)

    async def _listener_update(self, command: Fields) -> None:
        listener = _find(self._state.listeners, command.get("listener"))
        await listener.add(*(command.get("add") or ()))
        await listener.remove(*(command.get("remove") or ()))

    async def _listener_close(self, command: Fields) -> None:
        await _find(self._state.listeners, command.get("listener")).close()

    async def _update_listener(self, command: Fields) -> Fields:
        add, remove = command.get("add") or (), command.get("remove") or ()
        listener_id = command.get("listener_id") or ""
        return {"topics": await self._state.client.update_listener(listener_id, add=add, remove=remove)}

    async def _dispatch(self, command: Fields) -> Fields:
        acceptance = await self._state.client.dispatch(command["topic"], **request_options(command))
        return {"acceptance": acceptance_view(acceptance)}

    async def _validate(self, command: Fields) -> Fields:
        acceptance = await self._state.client.validate(command["topic"], **request_options(command))
        return {"acceptance": acceptance_view(acceptance)}

    async def _gather(self, command: Fields) -> Fields:
        return await self._state.gather(command)

    async def _gather_cancel(self, command: Fields) -> None:
        await _find(self._state.gathers, command.get("gather")).cancel()

    async def _cancel(self, command: Fields) -> Fields:
        summary = await self._state.client.cancel_request(command.get("request_id") or "")
        return {"summary": summary_view(summary)}

    def _producer(self, command: Fields) -> tuple[Producer, ScriptedHandler]:
        return _find(self._state.producers, command.get("producer"))


def _find(open_ones: dict[str, T], name: str | None) -> T:
    if name is None or name not in open_ones:
        raise NotFoundError(StatusCode.NOT_FOUND, f"nothing named {name} is open")
    return open_ones[name]


if __name__ == "__main__":
    asyncio.run(Adapter(sys.argv[1]).run())
