"""The client and the drop-in against a real dispatcher with TLS, tokens and a policy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Any

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import (
    Assignment,
    Client,
    Disconnected,
    DispatcherError,
    Gap,
    PermissionDeniedError,
    Ready,
    Tls,
    UnauthenticatedError,
    UnavailableError,
    aio,
)
from ate_dispatcher_grpc.compat import ATEDispatcher, Producer, ResultListener
from tests.certificates import Authority, Identity
from tests.conftest import FAST
from tests.secured import TOKEN, secured_server
from tests.server import Link, Server
from tests.test_survival import StatusLog
from tests.test_token import Provider


@dataclass
class World:
    """Two authorities, a client's certificate of each, and two dispatchers: with TLS, and with mutual TLS."""

    ca: Authority
    stranger: Authority
    own: Identity
    foreign: Identity
    open: Server
    mutual: Server


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("secured")
    ca, stranger = Authority(folder / "ca"), Authority(folder / "stranger")
    own = ca.issue("client", "URI:spiffe://prod/ns/a/sa/client")
    servers = [secured_server(folder, ca), secured_server(folder, ca, mutual=True)]
    yield World(ca, stranger, own, stranger.issue("foreign"), *servers)
    for each in servers:
        each.stop()


def test_peers_work_and_reconnect_over_mutual_tls_and_lose_nothing(world: World) -> None:
    tls = Tls(ca=world.ca.pem, cert=world.own.cert, key=world.own.key)
    provider, log, gaps = Provider(lambda number: TOKEN), StatusLog(), list[Gap]()
    link = Link(world.mutual.address)
    with (
        Client(world.mutual.address, tls=tls, token=TOKEN) as near,
        Client(link.address, tls=tls, token=provider, reconnect=FAST) as far,
        near.producer(["secured.t"], lambda a: a.args[0]),
        far.listener(["secured.t"], on_status=log, on_gap=gaps.append) as listener,
    ):
        numbers = itertools.count()
        for number in itertools.islice(numbers, 5):
            near.dispatch("secured.t", args=[number])
        assert [listener.get(timeout=10).value for _ in range(5)] == list(range(5))
        asked = provider.count
        link.cut()
        for number in itertools.islice(numbers, 5):
            near.dispatch("secured.t", args=[number])
        log.wait_for(Ready, 2)
        assert [listener.get(timeout=10).value for _ in range(5)] == list(range(5, 10))
        assert provider.count > asked
        assert gaps == []
    link.close()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("no certificate", "the server may require a client certificate; see `tls.cert`"),
        ("a foreign certificate", "the server may not trust the certificate of this client"),
        ("another authority", "`tls.ca` has not the authority that signed it"),
        ("no TLS", "the server may require TLS; see `tls`"),
    ],
)
async def test_the_server_refuses_a_handshake_and_the_error_says_why(
    world: World, kind: str, text: str
) -> None:
    own, foreign = world.own, world.foreign
    tls = {
        "no certificate": world.ca.tls,
        "a foreign certificate": Tls(ca=world.ca.pem, cert=foreign.cert, key=foreign.key),
        "another authority": Tls(ca=world.stranger.pem, cert=own.cert, key=own.key),
        "no TLS": None,
    }[kind]
    log = StatusLog()
    with Client(world.mutual.address, tls=tls, token=TOKEN, reconnect=FAST) as client:
        with pytest.raises(UnavailableError) as raised:
            client.dispatch("secured.t")
        assert text in raised.value.details
        client.listener(["secured.t"], on_status=log)
        log.wait_for(Disconnected, 1)
        (lost,) = [each for each in log.heard if isinstance(each, Disconnected)][:1]
        assert text in lost.error.details
    async with aio.Client(world.mutual.address, tls=tls, token=TOKEN, reconnect=FAST) as other:
        with pytest.raises(UnavailableError) as raised:
            await other.dispatch("secured.t")
        assert text in raised.value.details


@pytest.mark.parametrize("token", [None, "bad"])
async def test_the_server_refuses_clients_without_a_valid_token(world: World, token: str | None) -> None:
    refusals: list[DispatcherError] = []

    def note(raised: pytest.ExceptionInfo[UnauthenticatedError]) -> None:
        refusals.append(raised.value)

    with Client(world.open.address, tls=world.ca.tls, token=token) as client:
        for call in (
            lambda: client.dispatch("secured.t"),
            lambda: client.gather("secured.t").summary,
            lambda: client.listener(["secured.t"]).wait(10),
            lambda: client.producer(["secured.t"], lambda a: 1).wait(10),
        ):
            with pytest.raises(UnauthenticatedError) as raised:
                call()
            note(raised)
    async with aio.Client(world.open.address, tls=world.ca.tls, token=token) as other:
        for waiting in (
            other.dispatch("secured.t"),
            other.gather("secured.t").summary,
            other.listener(["secured.t"]).wait(),
            other.producer(["secured.t"], lambda a: 1).wait(),
        ):
            with pytest.raises(UnauthenticatedError) as raised:
                await waiting
            note(raised)
    assert {(each.code, each.reason) for each in refusals} == {
        (StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    }


def until_third(number: int) -> str:
    return "expired" if number < 3 else TOKEN


async def test_a_function_is_asked_until_its_token_is_accepted(world: World) -> None:
    provider = Provider(until_third)
    with Client(world.open.address, tls=world.ca.tls, token=provider, reconnect=FAST) as client:
        client.producer(["secured.t"], lambda a: 1).ready(10)
        assert provider.count == 3
        assert [each.value for each in client.gather("secured.t")] == [1]
    provider = Provider(until_third)
    async with aio.Client(world.open.address, tls=world.ca.tls, token=provider, reconnect=FAST) as other:
        await other.listener(["secured.t"]).ready()
        assert provider.count == 3


async def test_a_request_and_its_results_name_their_principals(world: World) -> None:
    requesters = Queue[str]()

    def handle(assignment: Assignment) -> int:
        requesters.put(assignment.requester)
        return 1

    with (
        Client(world.open.address, tls=world.ca.tls, token=TOKEN) as client,
        client.producer(["secured.t"], handle, id="p") as producer,
        client.listener(["secured.t"]) as listener,
    ):
        producer.ready(10)
        listener.ready(10)
        gather = client.gather("secured.t", selector={"principals": ["vault"]})
        assert [(target.producer_id, target.principal) for target in gather.acceptance.targets] == [
            ("p", "vault")
        ]
        delivery = listener.get(timeout=10)
        assert (delivery.producer_id, delivery.principal, delivery.requester) == ("p", "vault", "vault")
        assert gather.summary.requester == "vault"
        assert [outcome.principal for outcome in gather.summary.outcomes] == ["vault"]
        assert requesters.get(timeout=10) == "vault"
        request_id = gather.acceptance.request_id
        assert client.cancel_request(request_id, principal="vault").request_id == request_id
        with pytest.raises(PermissionDeniedError):
            client.cancel_request(request_id, principal="another")
        assert client.gather("secured.t", selector={"principals": ["another"]}).summary.targeted_count == 0
    async with aio.Client(world.open.address, tls=world.ca.tls, token=TOKEN) as other:
        assert (await other.cancel_request(request_id, principal="vault")).request_id == request_id


async def test_a_topic_that_the_policy_denies_is_final(world: World) -> None:
    provider = Provider(lambda number: TOKEN)
    options: dict[str, Any] = {"tls": world.ca.tls, "token": provider, "reconnect": FAST}
    with Client(world.open.address, **options) as client:
        for call in (
            lambda: client.dispatch("forbidden"),
            lambda: client.listener(["forbidden"]).wait(10),
            lambda: client.producer(["forbidden"], lambda a: 1).wait(10),
        ):
            with pytest.raises(PermissionDeniedError) as raised:
                call()
            assert raised.value.reason == "NOT_ALLOWED"
        listener = client.listener(["secured.t"]).ready(10)
        with pytest.raises(PermissionDeniedError):
            listener.add("forbidden", timeout=10)
        producer = client.producer(["secured.t"], lambda a: 1).ready(10)
        with pytest.raises(PermissionDeniedError):
            producer.register("forbidden", timeout=10)
    async with aio.Client(world.open.address, **options) as other:
        with pytest.raises(PermissionDeniedError):
            await other.listener(["forbidden"]).wait()


class Adder(Producer):
    def produce_dispatcher_output(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        return sum(args)


class Collect(ResultListener):
    def __init__(self) -> None:
        super().__init__()
        self.heard: Queue[Any] = Queue()

    def process_dispatcher_result(self, topic: str, response: Any) -> None:
        self.heard.put(response)


def test_the_drop_in_works_with_tls_and_a_token(
    world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN)
    monkeypatch.setenv("ATE_DISPATCHER_ADDRESS", world.open.address)
    monkeypatch.setenv("ATE_DISPATCHER_TLS_CA", str(world.ca.identity.cert_file))
    monkeypatch.setenv("ATE_DISPATCHER_TOKEN_FILE", str(token))
    dispatcher, adder, collect = ATEDispatcher(), Adder(), Collect()
    dispatcher.register_result_producer(adder, "secured.sums")
    dispatcher.register_result_listener(collect, "secured.sums")
    for each in (adder, collect, dispatcher):
        each.start()
    dispatcher.send_request("secured.sums", 3, 2**70)
    assert collect.heard.get(timeout=10) == 2**70 + 3
    with pytest.raises(PermissionDeniedError):
        dispatcher.register_result_producer(Adder(), "forbidden")
    dispatcher.stop()
    for each in (adder, collect, dispatcher):
        each.join(20)
        assert not each.is_alive()
