"""TLS with a server of stock grpcio: what works, and what users are told when a handshake fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from ate_dispatcher_grpc import (
    Client,
    Disconnected,
    InvalidArgumentError,
    Ready,
    Tls,
    UnavailableError,
    aio,
)
from ate_dispatcher_grpc._handshake import connection_hint
from tests.certificates import Authority, Identity
from tests.conftest import FAST
from tests.stock_server import StockServer
from tests.test_survival import StatusLog


@dataclass
class World:
    """Two authorities and three servers: with TLS, with mutual TLS, and in clear text."""

    ca: Authority
    stranger: Authority
    own: Identity
    foreign: Identity
    open: StockServer
    mutual: StockServer
    clear: StockServer
    named: StockServer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    ca, stranger = Authority(folder / "ca"), Authority(folder / "stranger")
    server = ca.issue("server")
    servers = [
        StockServer(server),
        StockServer(server, ca.pem),
        StockServer(),
        StockServer(ca.issue("named", "DNS:dispatcher.test")),
    ]
    yield World(ca, stranger, ca.issue("client"), stranger.issue("foreign"), *servers)
    for each in servers:
        each.close()


def mutual(world: World) -> Tls:
    return Tls(ca=world.ca.pem, cert=world.own.cert, key=world.own.key)


def test_a_client_checks_the_server_and_shows_its_certificate(world: World) -> None:
    for server, tls in (
        (world.open, Tls(ca=world.ca.pem.decode())),
        (world.mutual, mutual(world)),
        (world.named, Tls(ca=world.ca.pem, server_name="dispatcher.test")),
    ):
        with Client(server.address, tls=tls, reconnect=FAST) as client:
            client.wait_for_ready(10)
            client.dispatch("t")
            client.producer(["t"], lambda a: 1).ready(10)
            client.listener(["t"]).ready(10)


async def test_a_client_checks_the_server_with_asyncio(world: World) -> None:
    for server, tls in ((world.open, world.ca.tls), (world.mutual, mutual(world))):
        async with aio.Client(server.address, tls=tls, reconnect=FAST) as client:
            await client.wait_for_ready(10)
            await client.dispatch("t")
            await client.producer(["t"], lambda a: 1).ready()
            await client.listener(["t"]).ready()


FAILURES: list[tuple[str, str, str]] = [
    ("no certificate", "mutual", "the server may require a client certificate; see `tls.cert`"),
    ("a foreign certificate", "mutual", "the server may not trust the certificate of this client"),
    ("another authority", "open", "CERTIFICATE_VERIFY_FAILED"),
    ("another authority", "open", "`tls.ca` has not the authority that signed it"),
    ("no TLS", "open", "the server may require TLS; see `tls`"),
    ("TLS", "clear", "the server may not use TLS"),
    ("TLS", "named", "set `tls.server_name`"),
    ("another key", "open", "is `tls.key` the key of `tls.cert`?"),
    ("credentials", "mutual", "the server may refuse the credentials of this client"),
]


def failing(world: World, kind: str) -> dict[str, Any]:
    own, foreign = world.own, world.foreign
    options: dict[str, dict[str, Any]] = {
        "no certificate": {"tls": world.ca.tls},
        "a foreign certificate": {"tls": Tls(ca=world.ca.pem, cert=foreign.cert, key=foreign.key)},
        "another authority": {"tls": world.stranger.tls},
        "no TLS": {},
        "TLS": {"tls": world.ca.tls},
        "another key": {"tls": Tls(ca=world.ca.pem, cert=own.cert, key=foreign.key)},
        "credentials": {"credentials": grpc.ssl_channel_credentials(world.ca.pem)},
    }
    return options[kind]


@pytest.mark.parametrize(("kind", "server", "text"), FAILURES)
def test_a_failed_handshake_is_told_to_every_user(
    world: World, caplog: pytest.LogCaptureFixture, kind: str, server: str, text: str
) -> None:
    log = StatusLog()
    address = getattr(world, server).address
    with Client(address, reconnect=FAST, **failing(world, kind)) as client:
        for call in (
            lambda: client.dispatch("t"),
            lambda: client.gather("t").summary,
            lambda: client.wait_for_ready(0.3),
        ):
            with pytest.raises(UnavailableError) as raised:
                call()
            assert text in raised.value.details
        with caplog.at_level(logging.WARNING, "ate_dispatcher_grpc"):
            listener = client.listener(["t"], on_status=log)
            log.wait_for(Disconnected, 1)
        assert text in caplog.text
        (first, *_) = [each for each in log.heard if isinstance(each, Disconnected)]
        assert text in first.error.details
        with pytest.raises(TimeoutError) as late:
            listener.ready(0.01)
        assert text in str(late.value)


@pytest.mark.parametrize(("kind", "server", "text"), FAILURES)
async def test_a_failed_handshake_is_told_to_every_user_with_asyncio(
    world: World, kind: str, server: str, text: str
) -> None:
    log = StatusLog()
    address = getattr(world, server).address
    async with aio.Client(address, reconnect=FAST, **failing(world, kind)) as client:
        for call in (client.dispatch("t"), client.gather("t").summary, client.wait_for_ready(0.3)):
            with pytest.raises(UnavailableError) as raised:
                await call
            assert text in raised.value.details
        client.listener(["t"], on_status=log)
        while log.count(Disconnected) == 0:
            with pytest.raises(UnavailableError):
                await client.dispatch("t")
        (first, *_) = [each for each in log.heard if isinstance(each, Disconnected)]
        assert text in first.error.details


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        ("UNAVAILABLE: ipv4:127.0.0.1:1: Socket closed", "it may require TLS"),
        ("UNAVAILABLE: ipv4:127.0.0.1:1: Unwrap failed (TSI_DATA_CORRUPTED)", "it may require TLS"),
        ("UNKNOWN: ipv4:127.0.0.1:1: recvmsg:Connection reset by peer", "it may require TLS"),
        ("UNKNOWN: ipv4:127.0.0.1:1: connect: Connection refused (111)", ""),
        (
            "UNKNOWN: ipv4:10.0.0.1:1: FD shutdown; connection attempt timed out before receiving SETTINGS frame",
            "",
        ),
    ],
)
def test_only_a_connection_that_the_server_ended_is_explained(failure: str, hint: str) -> None:
    details = f"failed to connect to all addresses; last error: {failure}"
    assert connection_hint(details, "it may require TLS") == hint
    # A connection that worked before says nothing about TLS.
    assert connection_hint(failure, "it may require TLS") == ""


def test_a_session_connects_once_the_certificate_of_the_server_is_right(world: World) -> None:
    # A failed handshake is not final: certificates are renewed while clients run.
    log = StatusLog()
    wrong = StockServer(world.stranger.issue("wrong"))
    with Client(wrong.address, tls=world.ca.tls, reconnect=FAST) as client:
        client.listener(["t"], on_status=log)
        log.wait_for(Disconnected, 1)
        wrong.close()
        right = StockServer(world.ca.issue("right"), address=wrong.address)
        log.wait_for(Ready, 1)
    right.close()


@pytest.mark.parametrize("make", [Client, aio.Client])
def test_tls_that_cannot_be_used_is_refused_by_name(make: type[Client], world: World) -> None:
    own, damaged = world.own, world.own.cert.replace(b"\nM", b"\n*")
    encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n"
    for options, path, words in (
        ({"ca": "/etc/ca.pem"}, "tls.ca", "the content of the file"),
        ({"ca": b""}, "tls.ca", "no certificate in PEM"),
        ({"ca": 5}, "tls.ca", "is a int"),
        ({"ca": own.key}, "tls.ca", "no certificate in PEM"),
        ({"ca": damaged}, "tls.ca", "damaged"),
        ({"cert": own.cert}, "tls", "only one of cert and key"),
        ({"key": own.key}, "tls", "only one of cert and key"),
        ({"cert": own.cert, "key": own.cert}, "tls.key", "no private key in PEM"),
        ({"cert": own.cert, "key": encrypted}, "tls.key", "is encrypted"),
        ({"server_name": ""}, "tls.server_name", "a host name"),
        ({"server_name": "a\nb"}, "tls.server_name", "a host name"),
    ):
        with pytest.raises(InvalidArgumentError) as raised:
            Tls(**options)
        assert [each.field for each in raised.value.field_violations] == [path]
        assert words in raised.value.details
    for others, words in (
        ({"tls": {"ca": own.cert}}, "must be a Tls"),
        ({"tls": Tls(), "credentials": grpc.ssl_channel_credentials()}, "are both set"),
        ({"allow_insecure_token": "yes"}, "must be a bool"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            make(**others)


def test_a_key_is_not_printed(world: World) -> None:
    tls = mutual(world)
    assert "PRIVATE" not in f"{tls} {tls!r}"
    with Client(world.mutual.address, tls=tls) as client:
        assert "PRIVATE" not in repr(client._connection.options)
