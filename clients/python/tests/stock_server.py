"""A server of stock grpcio that answers as a dispatcher does, with TLS and with tokens that a test chooses."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import dispatcher_service_pb2 as service
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.listener_pb2 import ListenerEvent, Ready
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.producer_pb2 import DispatcherMessage, Welcome
from tests.certificates import Identity

Refuse = Callable[[str], "grpc.StatusCode | None"]

FIRST = {
    _paths.PRODUCE: service.ProduceResponse(
        messages=[DispatcherMessage(welcome=Welcome(producer_id="p", session_id="s"))]
    ),
    _paths.SUBSCRIBE: service.SubscribeResponse(
        events=[ListenerEvent(ready=Ready(listener_id="l", session_id="s"))]
    ),
}


class StockServer(grpc.GenericRpcHandler):
    """Records the `authorization` of every call, and refuses calls as a test says."""

    def __init__(
        self, identity: Identity | None = None, client_ca: bytes | None = None, address: str = "127.0.0.1:0"
    ) -> None:
        self.calls: list[tuple[str, str]] = []
        """The method and the authorization of each call, without health checks."""
        self.refuse: Refuse = lambda authorization: None
        """Takes the authorization of a call; returns the status with which it is refused."""
        self._streams: list[queue.SimpleQueue[bool]] = []
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(32), handlers=[self])
        if identity is None:
            port = self._server.add_insecure_port(address)
        else:
            pair = [(identity.key, identity.cert)]
            credentials = grpc.ssl_server_credentials(
                pair, client_ca, require_client_auth=client_ca is not None
            )
            port = self._server.add_secure_port(address, credentials)
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def tokens(self) -> list[str]:
        """Returns the authorization of each call."""
        return [authorization for _, authorization in self.calls]

    def end_streams(self) -> None:
        """Ends the open sessions with UNAVAILABLE."""
        with self._lock:
            streams, self._streams = self._streams, []
        for each in streams:
            each.put(True)

    def close(self) -> None:
        self.end_streams()
        self._server.stop(0).wait()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        path = details.method
        if path == _paths.HEALTH_CHECK:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")
        headers = dict(details.invocation_metadata or ())
        authorization = str(headers.get("authorization", ""))
        with self._lock:
            self.calls.append((path.rpartition("/")[2], authorization))
            code = self.refuse(authorization)
        if path in FIRST:
            return grpc.stream_stream_rpc_method_handler(
                lambda requests, context: self._session(path, code, requests, context)
            )
        if path == _paths.GATHER:
            # Does not wait for the request, as a server that refuses a call for its headers.
            return grpc.stream_stream_rpc_method_handler(
                lambda requests, context: context.abort(code or grpc.StatusCode.ABORTED, "refused")
            )
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._answer(code, context))

    def _answer(self, code: grpc.StatusCode | None, context: grpc.ServicerContext) -> bytes:
        if code is not None:
            context.abort(code, "refused")
        return service.DispatchResponse().SerializeToString()

    def _session(
        self,
        path: str,
        code: grpc.StatusCode | None,
        requests: Iterator[bytes],
        context: grpc.ServicerContext,
    ) -> Iterator[bytes]:
        if code is not None:
            context.abort(code, "refused")
        next(requests)
        is_cut: queue.SimpleQueue[bool] = queue.SimpleQueue()
        with self._lock:
            self._streams.append(is_cut)
        context.add_callback(lambda: is_cut.put(False))
        yield FIRST[path].SerializeToString()

        def read() -> None:
            # A second message is the drain of a producer.
            with contextlib.suppress(grpc.RpcError):
                next(requests, None)
            is_cut.put(False)

        threading.Thread(target=read, daemon=True).start()
        if is_cut.get():
            context.abort(grpc.StatusCode.UNAVAILABLE, "ended by the test")
