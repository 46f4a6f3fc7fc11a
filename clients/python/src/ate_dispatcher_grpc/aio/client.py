"""The client, with asyncio."""

from __future__ import annotations

import asyncio
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
from ate_dispatcher_grpc._producer_core import Disposition
from ate_dispatcher_grpc._producer_options import ProducerOptions, ProducerTopic
from ate_dispatcher_grpc._request import encode_call
from ate_dispatcher_grpc._session import DEFAULT_GRACE
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


class Client:
    """A connection to a dispatcher, in one event loop. It connects at the first use, and anew by itself."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Mapping[str, str | bytes] | None = None,
        channel_options: Sequence[tuple[str, Any]] = (),
        reconnect: Reconnect | None = None,
        call_timeout: float = 30.0,
    ) -> None:
        """Makes a client; no environment is read.

        Args:
            address: `host:port` or any other gRPC target.
            credentials: of the channel; default none, in clear text.
            metadata: to send with every call, such as `authorization`.
            channel_options: of the gRPC channel; they win over this library's own.
            reconnect: delays between tries to reconnect.
            call_timeout: after how many seconds without an answer to a single call the link is taken for dead.

        Raises:
            InvalidArgumentError: an option is malformed.
        """
        options = ConnectionOptions(
            address, credentials, metadata or {}, channel_options, reconnect or Reconnect(), call_timeout
        )
        options.call_metadata()
        self._connection = Connection(options)
        self._peers: set[Producer | Listener] = set()

    async def dispatch(self, topic: str, **options: Unpack[RequestOptions]) -> Acceptance:
        """Scatters a request whose results go to the topic's listeners; returns once it was taken.

        Raises:
            InvalidArgumentError: names the field.
            NoProducersError: nobody could be asked, and `no_producers_action` is FAIL.
            LimitError: a limit was reached; try again after `retry_delay`.
            UnavailableError: whether it was taken is unknown; trying again with the same `request_id` is safe.
            DispatcherError: ALREADY_EXISTS: the `request_id` was used with other content.
        """
        return await self._dispatch(topic, options, validate_only=False)

    async def validate(self, topic: str, **options: Unpack[RequestOptions]) -> Acceptance:
        """Says who would be asked; nothing is scattered. Raises as dispatch does."""
        return await self._dispatch(topic, options, validate_only=True)

    def gather(self, topic: str, **options: Unpack[GatherOptions]) -> Gather:
        """Scatters a request and gathers its results; what the dispatcher refuses is raised by the gather.

        Raises:
            InvalidArgumentError: an option cannot be sent.
        """
        message = encode_call(topic, options, options.get("exclude_listeners", False))
        stream = self._connection.server_stream(
            _paths.GATHER, message, options.get("context"), options.get("timeout")
        )
        return Gather(self._connection, stream, options.get("request_id", ""), self.cancel_request)

    async def cancel_request(self, request_id: str) -> Summary:
        """Ends a request and says how it ended.

        Raises:
            NotFoundError: no such request is pending or remembered.
        """
        request = service.CancelRequestRequest(request_id=request_id)
        answer = await self._connection.unary(_paths.CANCEL_REQUEST, request.SerializeToString())
        return decode_summary(service.CancelRequestResponse.FromString(answer).summary)

    async def update_listener(
        self, listener_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> list[str]:
        """Changes the topics of a connected listener, of whatever program; returns all its topics then.

        Raises:
            NotFoundError: no such listener is connected.
        """
        request = service.UpdateListenerRequest(listener_id=listener_id, add_topics=add, remove_topics=remove)
        answer = await self._connection.unary(_paths.UPDATE_LISTENER, request.SerializeToString())
        return list(service.UpdateListenerResponse.FromString(answer).topics)

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
        """Connects a producer.

        Args:
            topics: topics or patterns to join, or pairs of one and a group; may be empty.
            handler: answers each request; a plain function is run in the event loop and must not block.
            concurrency: how many requests are worked on at a time; 1 means one after the other, 0 the server's default.
            max_backlog: how many further ones may wait at the server; 0: its default.
            id: 1 to 128 printable ASCII characters; the newest session of an id wins. Default: the server mints one.
            display_name: for people; at most 256 bytes.
            labels: that selectors match; at most 32.
            on_disposition: told what became of each reply.
            on_status: told what happens to the session.

        Raises:
            InvalidArgumentError: an option is malformed.
        """
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
        """Connects a listener; without `on_result`, iterate over it.

        Args:
            topics: topics or patterns: `*` stands for one token, `>` as the last one for one or more. May be empty.
            on_result: takes each result, in order; if it is a coroutine, one is awaited before the next begins.
            on_summary: takes the summaries of the topics' requests, each after its last result.
            on_gap: told what was lost, in its place among the results.
            on_status: told what happens to the session.
            include_summaries: whether `events` yields summaries; on_summary implies it.
            include_late: whether late results are wanted too.
            id: 1 to 128 printable ASCII characters; the newest session of an id wins. Default: the server mints one.
            group: members of one group share the deliveries, by request.
            overflow_action: what the server does when this listener reads too slowly.
            buffer_bytes: how much the server may queue for it, from 16 KiB; 0: its default.

        Raises:
            InvalidArgumentError: an option is malformed.
        """
        wants_summaries = include_summaries or on_summary is not None
        options = ListenerOptions(
            topics, id, group, include_late, wants_summaries, overflow_action, buffer_bytes
        )
        listener = Listener(ListenerPeer(self._connection, options, on_result, on_summary, on_gap, on_status))
        self._track(listener)
        return listener

    async def wait_for_ready(self, timeout: float) -> None:
        """Waits until it is connected.

        Raises:
            UnavailableError: it was not within so many seconds.
        """
        await self._connection.wait_for_ready(timeout)

    async def close(self, grace: float = DEFAULT_GRACE) -> None:
        """Ends what was made from this client, then the connection; producers drain within `grace` seconds."""
        peers = list(self._peers)
        for peer in peers:
            if isinstance(peer, Producer):
                peer._begin_close()
        await asyncio.gather(
            *(peer.close(grace) if isinstance(peer, Producer) else peer.close() for peer in peers)
        )
        await self._connection.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _track(self, peer: Producer | Listener) -> None:
        # Held as long as it is open, also if nobody else does.
        self._peers = {each for each in self._peers if not each._session.is_closed} | {peer}

    async def _dispatch(self, topic: str, options: RequestOptions, validate_only: bool) -> Acceptance:
        answer = await self._connection.unary(
            _paths.DISPATCH,
            encode_call(topic, options, validate_only),
            context=options.get("context"),
            timeout=options.get("timeout"),
        )
        return decode_acceptance(service.DispatchResponse.FromString(answer).acceptance)
