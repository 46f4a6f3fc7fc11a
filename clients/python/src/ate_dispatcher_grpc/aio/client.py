"""The entry point of the library, with asyncio."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc
from typing_extensions import Unpack

from ate_dispatcher_grpc import _paths
from ate_dispatcher_grpc._backoff import Reconnect
from ate_dispatcher_grpc._connection_options import DEFAULT_ADDRESS, ConnectionOptions
from ate_dispatcher_grpc._gen.ate.dispatcher.v1 import dispatcher_service_pb2 as service
from ate_dispatcher_grpc._listener_core import ListenerOptions, OverflowAction
from ate_dispatcher_grpc._producer_options import ProducerOptions, ProducerTopic
from ate_dispatcher_grpc._producer_port import Disposition
from ate_dispatcher_grpc._request import encode_call, encode_cancel, encode_listener_updates
from ate_dispatcher_grpc._session import DEFAULT_GRACE
from ate_dispatcher_grpc._time import answer_limit
from ate_dispatcher_grpc._token import Token
from ate_dispatcher_grpc.aio._connection import Connection
from ate_dispatcher_grpc.aio._listener_peer import ListenerPeer
from ate_dispatcher_grpc.aio._producer_peer import ProducerPeer
from ate_dispatcher_grpc.aio.assignment import Handler
from ate_dispatcher_grpc.aio.gather import Gather
from ate_dispatcher_grpc.aio.listener import Listener
from ate_dispatcher_grpc.aio.producer import Producer
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.options import GatherOptions, RequestOptions
from ate_dispatcher_grpc.results import Acceptance, Gap, Summary, decode_acceptance, decode_summary
from ate_dispatcher_grpc.status import SessionStatus
from ate_dispatcher_grpc.tls import Tls


class Client:
    """A client of one dispatcher, for one event loop. It connects on first use and reconnects by itself."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Mapping[str, str | bytes] | None = None,
        channel_options: Sequence[tuple[str, Any]] = (),
        reconnect: Reconnect | None = None,
        call_timeout: float = 30.0,
        tls: Tls | None = None,
        token: Token | None = None,
        allow_insecure_token: bool = False,
    ) -> None:
        """Creates a client. It reads no environment variables.

        Args:
            address: `host:port` or any other gRPC target. Default `127.0.0.1:50051`.
            credentials: Channel credentials, instead of `tls`. Default None: clear text.
            metadata: gRPC metadata that every call carries. An `authorization` in it is guarded as `token` is.
            channel_options: gRPC channel options. They override the options that this library sets.
            reconnect: Delays between attempts to reconnect.
            call_timeout: How long a unary call waits for its response, in seconds, above 0. Further calls then use a
                new connection. Default 30. A dispatch waits for its TTL and one second at most, or 6 s without a TTL.
            tls: How to check the dispatcher's certificate, and a certificate of this client. Default None: clear text.
            token: Sent as `authorization: Bearer` with every call. A function that returns it, also an async one, is
                called for every call and whenever a session connects, once at a time, and has 10 s. A session that is
                refused (UNAUTHENTICATED) ends for good with a fixed token, and asks a function again. A function
                without `async` runs in a thread.
            allow_insecure_token: Whether to send a token in clear text to other machines, for networks that something
                else encrypts. Default False.

        Raises:
            InvalidArgumentError: An option is malformed, or a token would be sent in clear text.
        """
        options = ConnectionOptions(
            address,
            credentials,
            metadata or {},
            channel_options,
            reconnect or Reconnect(),
            call_timeout,
            tls,
            token,
            allow_insecure_token,
        )
        self._connection = Connection(options)
        self._peers: set[Producer | Listener] = set()
        self._closing: asyncio.Task[None] | None = None

    async def dispatch(self, topic: str, **options: Unpack[RequestOptions]) -> Acceptance:
        """Scatters a request whose results go to the topic's listeners; returns once the dispatcher has accepted it.

        Raises:
            InvalidArgumentError: An option is malformed; `field_violations` names it.
            NoProducersError: No producer matched, and `no_producers_action` is FAIL.
            LimitError: A limit was reached. Retry after `retry_delay`.
            UnavailableError: The dispatcher may or may not have accepted the request. A retry with the same
                `request_id` is safe. The reason is NOT_CONNECTED if the request was not sent, or NO_ANSWER.
            UnauthenticatedError: The credentials are not accepted, or the token function failed (NO_TOKEN).
            PermissionDeniedError: The policy does not allow requests on the topic.
            ClosedError: The client is closed.
            DispatcherError: The code is ALREADY_EXISTS if `request_id` was used with different content.
        """
        return await self._dispatch(topic, options, validate_only=False)

    async def validate(self, topic: str, **options: Unpack[RequestOptions]) -> Acceptance:
        """Returns which producers a request would go to, without scattering it. Raises as dispatch does."""
        return await self._dispatch(topic, options, validate_only=True)

    def gather(self, topic: str, **options: Unpack[GatherOptions]) -> Gather:
        """Scatters a request and gathers its results.

        Returns at once. If the dispatcher rejects the request, the gather raises the error.

        Raises:
            InvalidArgumentError: An option cannot be encoded.
        """
        message = encode_call(topic, options, options.get("exclude_listeners", False))
        self._connection.ensure_open()
        open_stream = functools.partial(
            self._connection.server_stream,
            _paths.GATHER,
            message,
            options.get("context"),
            options.get("timeout"),
            answer_limit(options.get("ttl"), options.get("timeout")),
        )
        return Gather(self._connection, open_stream, options, self.cancel_request)

    async def cancel_request(self, request_id: str, *, principal: str = "") -> Summary:
        """Cancels a request and returns its summary; a request that has ended keeps its summary.

        Args:
            request_id: The id of the request.
            principal: Whose request it is: the `requester` of its summary. Default: that of this client. Another
                principal's request can be cancelled by those who may `administer` its topic.

        Raises:
            NotFoundError: The dispatcher knows no request with this id.
            PermissionDeniedError: The request is of another principal, and this client may not administer its topic.
        """
        response = await self._connection.unary(_paths.CANCEL_REQUEST, encode_cancel(request_id, principal))
        return decode_summary(service.CancelRequestResponse.FromString(response).summary)

    async def update_listener(
        self, listener_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> list[str]:
        """Changes the topics of any connected listener, also of another program; returns its topics after the change.

        Raises:
            InvalidArgumentError: The id or a topic is malformed; `field_violations` names it. No topic is changed.
            NotFoundError: No listener with this id is connected.
        """
        response = b""
        for request in encode_listener_updates(listener_id, add, remove):
            response = await self._connection.unary(_paths.UPDATE_LISTENER, request)
        return list(service.UpdateListenerResponse.FromString(response).topics)

    def producer(
        self,
        topics: Sequence[ProducerTopic],
        handler: Handler,
        *,
        concurrency: int = 0,
        max_backlog: int = 0,
        id: str = "",
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
        on_disposition: Callable[[str, Disposition], object] | None = None,
        on_status: Callable[[SessionStatus], object] | None = None,
    ) -> Producer:
        """Connects a producer; returns at once.

        Args:
            topics: Topics or patterns to join, or pairs of a topic or pattern and a group. May be empty.
            handler: Answers each assignment. A plain function runs in the event loop and must not block.
            concurrency: Maximum number of handlers that run at the same time. Default 0: the server's default.
            max_backlog: Maximum number of further assignments that the server queues. Default 0: the server's default.
            id: 1 to 128 printable ASCII characters. A new session replaces an older one with the same id. Default: the
                server assigns an id.
            display_name: A name for people, at most 256 bytes.
            labels: Labels that selectors match, at most 32.
            on_disposition: Called with the assignment id and the disposition of each reply.
            on_status: Called when the status of the session changes.

        Raises:
            InvalidArgumentError: An option is malformed.
        """
        self._connection.ensure_open()
        options = ProducerOptions(
            topics, concurrency, max_backlog, id, display_name, labels or {}, on_disposition is not None
        )
        producer = Producer(ProducerPeer(self._connection, options, handler, on_disposition, on_status))
        self._track(producer)
        return producer

    def listener(
        self,
        topics: Sequence[str],
        on_result: Callable[[ResultDelivery], object] | None = None,
        *,
        on_summary: Callable[[Summary], object] | None = None,
        on_gap: Callable[[Gap], object] | None = None,
        on_status: Callable[[SessionStatus], object] | None = None,
        include_summaries: bool = False,
        include_late: bool = False,
        id: str = "",
        group: str = "",
        overflow_action: OverflowAction | None = None,
        buffer_bytes: int = 0,
    ) -> Listener:
        """Connects a listener; returns at once. Without `on_result`, iterate over the listener.

        Args:
            topics: Topics or patterns. `*` matches one token; a final `>` matches one or more. May be empty.
            on_result: Called with each result, in order. If it returns an awaitable, the listener awaits it before the
                next call.
            on_summary: Called with the summary of each request on the topics, after the request's last result.
            on_gap: Called when deliveries were lost, in order with the results.
            on_status: Called when the status of the session changes.
            include_summaries: Whether `events` yields summaries. Default False, or True if on_summary is set.
            include_late: Whether to receive late results too. Default False.
            id: 1 to 128 printable ASCII characters. A new session replaces an older one with the same id. Default: the
                server assigns an id.
            group: Listeners of one group share the deliveries; one member receives all results of a request.
            overflow_action: What the server does when this listener reads too slowly. Default: the server's default.
            buffer_bytes: How many bytes the server may queue for this listener, at least 16 KiB. Default 0: the
                server's default.

        Raises:
            InvalidArgumentError: An option is malformed.
        """
        self._connection.ensure_open()
        wants_summaries = include_summaries or on_summary is not None
        options = ListenerOptions(
            topics, id, group, include_late, wants_summaries, overflow_action, buffer_bytes
        )
        listener = Listener(ListenerPeer(self._connection, options, on_result, on_summary, on_gap, on_status))
        self._track(listener)
        return listener

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits until the client is connected; `timeout` is in seconds.

        Raises:
            UnavailableError: The client was not connected in time.
        """
        await self._connection.wait_for_ready(timeout)

    async def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Closes the producers and listeners of this client, then the connection.

        In a handler of one of its producers it returns at once, and the client is closed after the handlers.

        Args:
            grace: How long producers may take to drain, in seconds. Default 30.
        """
        if not self._connection.owner.is_current:
            return
        peers = list(self._peers)
        for peer in peers:
            if isinstance(peer, Producer):
                peer._begin_close()

        async def finish() -> None:
            deadline = time.monotonic() + grace
            await asyncio.gather(
                *(
                    peer._finish_close(deadline) if isinstance(peer, Producer) else peer.close()
                    for peer in peers
                )
            )
            await self._connection.close()

        if any(isinstance(peer, Producer) and peer._peer.is_current() for peer in peers):
            self._closing = asyncio.get_running_loop().create_task(finish())
        else:
            await finish()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _track(self, peer: Producer | Listener) -> None:
        # Keeps an open producer or listener alive even if the caller drops its reference.
        self._peers = {each for each in self._peers if not each._session.is_closed} | {peer}

    async def _dispatch(self, topic: str, options: RequestOptions, validate_only: bool) -> Acceptance:
        request = encode_call(topic, options, validate_only)
        ttl, timeout = options.get("ttl"), options.get("timeout")
        response = await self._connection.unary(
            _paths.DISPATCH,
            request,
            context=options.get("context"),
            timeout=timeout,
            limit=min(answer_limit(ttl, timeout), self._connection.options.call_timeout),
        )
        return decode_acceptance(service.DispatchResponse.FromString(response).acceptance)
