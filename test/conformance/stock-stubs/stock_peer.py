"""A peer of grpcio with generated stubs and default options, and no client library: `stock_peer.py ADDRESS ID STUBS`.

README.md describes its commands and events.
"""

from __future__ import annotations

import base64
import json
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, sys.argv[3])

from ate.dispatcher.v1 import dispatcher_service_pb2 as service
from ate.dispatcher.v1 import dispatcher_service_pb2_grpc as service_grpc
from ate.dispatcher.v1 import introspection_service_pb2 as introspection
from ate.dispatcher.v1 import introspection_service_pb2_grpc as introspection_grpc

import grpc

ADDRESS, ID = sys.argv[1:3]
_writing = threading.Lock()


def report(event: str, **fields: Any) -> None:
    """Writes one event."""
    with _writing:
        print(json.dumps({"event": event, **fields}), flush=True)


def echo(message: Any) -> str:
    """Encodes a message again, to show what was read."""
    return base64.b64encode(message.SerializeToString()).decode()


def listen(stub: service_grpc.DispatcherServiceStub) -> None:
    """Reports all deliveries and summaries of one stream."""
    request = service.ListenRequest(listener_id=ID, topics=["stock.>"], include_summaries=True)
    for batch in stub.Listen(request):
        for event in batch.events:
            kind = event.WhichOneof("event")
            if kind == "ready":
                report("live", stream="listen")
            elif kind in ("delivery", "summary"):
                request_id = getattr(event, kind).request_id
                report(kind, request_id=request_id, echo=echo(service.ListenResponse(events=[event])))


def produce(stub: service_grpc.DispatcherServiceStub) -> None:
    """Reports and answers all assignments of one stream."""
    outgoing: queue.SimpleQueue[Any] = queue.SimpleQueue()
    registrations = [{"topic": "stock.requests"}, {"topic": f"stock.{ID}"}]
    outgoing.put({"hello": {"producer_id": ID, "registrations": registrations}})
    requests: Iterator[Any] = (service.ProduceRequest(messages=[message]) for message in iter(outgoing.get, None))
    try:
        for batch in stub.Produce(requests):
            for message in batch.messages:
                kind = message.WhichOneof("message")
                if kind == "welcome":
                    report("live", stream="produce")
                elif kind == "assignment":
                    assignment = message.assignment
                    answer = {"assignment_id": assignment.assignment_id, "result": {"value": {"string_value": ID}}}
                    outgoing.put({"reply": answer})
                    text = echo(service.ProduceResponse(messages=[message]))
                    report("assignment", request_id=assignment.request_id, echo=text)
    finally:
        outgoing.put(None)


def gather(stub: service_grpc.DispatcherServiceStub, topic: str) -> None:
    """Gathers once and reports every event."""
    try:
        for batch in stub.Gather(service.GatherRequest(request={"topic": topic})):
            for event in batch.events:
                kind = event.WhichOneof("event")
                if kind in ("acceptance", "delivery", "summary"):
                    request_id = getattr(event, kind).request_id
                    report(f"gather.{kind}", request_id=request_id, echo=echo(service.GatherResponse(events=[event])))
    except grpc.RpcError as error:
        report("ended", stream="gather", error=text_of(error))


def list_producers(stub: introspection_grpc.IntrospectionServiceStub) -> None:
    """Lists the producers once."""
    try:
        report("listed", echo=echo(stub.ListProducers(introspection.ListProducersRequest())))
    except grpc.RpcError as error:
        report("ended", stream="list", error=text_of(error))


def text_of(error: grpc.RpcError) -> str:
    """Returns the status of a call as text."""
    return f"{error.code().name} {error.details()}"


def keep_open(name: str, run: Any, stub: service_grpc.DispatcherServiceStub) -> None:
    """Opens a stream again whenever it ends."""
    while True:
        try:
            run(stub)
            report("ended", stream=name, error="OK")
        except grpc.RpcError as error:
            report("ended", stream=name, error=text_of(error))


def main() -> None:
    """Runs until the end of the input."""
    channel = grpc.insecure_channel(ADDRESS)
    stub = service_grpc.DispatcherServiceStub(channel)
    for name, run in (("listen", listen), ("produce", produce)):
        threading.Thread(target=keep_open, args=(name, run, stub), daemon=True).start()
    for line in sys.stdin:
        command = json.loads(line)
        if "gather" in command:
            threading.Thread(target=gather, args=(stub, command["gather"]), daemon=True).start()
        else:
            list_producers(introspection_grpc.IntrospectionServiceStub(channel))


if __name__ == "__main__":
    main()
