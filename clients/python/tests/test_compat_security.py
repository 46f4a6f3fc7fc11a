"""TLS and tokens of the drop-in, from its parameters and from the environment."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc import InvalidArgumentError, PermissionDeniedError, Tls, UnauthenticatedError
from ate_dispatcher_grpc.compat import ATEDispatcher, Producer
from ate_dispatcher_grpc.compat.embedded import _child_environment
from ate_dispatcher_grpc.compat.security import VARIABLES
from tests.certificates import Authority
from tests.stock_server import StockServer
from tests.test_token import SECRET, accept_only, bearer


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("compat") / "ca")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (*VARIABLES, "ATE_DISPATCHER_ADDRESS"):
        monkeypatch.delenv(each, raising=False)


@pytest.fixture
def stock() -> Iterator[StockServer]:
    server = StockServer()
    yield server
    server.close()


def run(dispatcher: ATEDispatcher) -> None:
    """Sends a request, and waits until the dispatcher has ended."""
    dispatcher.start()
    dispatcher.send_request("t", ttl=10_000)
    dispatcher.stop()
    dispatcher.join(20)
    assert not dispatcher.is_alive()


def test_the_environment_has_tls_and_the_token(
    ca: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, token = ca.issue("client"), tmp_path / "token"
    token.write_text(f"{SECRET}\n")
    server = StockServer(ca.issue("named", "DNS:dispatcher.test"), ca.pem)
    for variable, value in (
        ("ATE_DISPATCHER_ADDRESS", server.address),
        ("ATE_DISPATCHER_TLS_CA", ca.identity.cert_file),
        ("ATE_DISPATCHER_TLS_CERT", own.cert_file),
        ("ATE_DISPATCHER_TLS_KEY", own.key_file),
        ("ATE_DISPATCHER_SERVER_NAME", "dispatcher.test"),
        ("ATE_DISPATCHER_TOKEN_FILE", token),
        ("ATE_DISPATCHER_TOKEN", "not this one"),
    ):
        monkeypatch.setenv(variable, str(value))
    run(ATEDispatcher())
    # The file is read again for each call.
    token.write_text("renewed")
    run(ATEDispatcher())
    server.close()
    assert server.tokens() == bearer(SECRET, "renewed")


def test_parameters_replace_the_environment(
    stock: StockServer, ca: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATE_DISPATCHER_TOKEN", "not this one")
    run(ATEDispatcher(stock.address, token=SECRET))
    monkeypatch.setenv("ATE_DISPATCHER_TLS", "true")
    server = StockServer(ca.issue("server"))
    run(ATEDispatcher(server.address, tls=ca.tls, token=lambda: SECRET))
    server.close()
    assert stock.tokens() + server.tokens() == bearer(SECRET) * 2


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ATE_DISPATCHER_TLS", "perhaps", "is 'perhaps'; use true or false"),
        ("ATE_DISPATCHER_ALLOW_INSECURE_TOKEN", "2", "use true or false"),
        ("ATE_DISPATCHER_TLS_CA", "/nowhere", "names /nowhere, which cannot be read (No such file"),
        ("ATE_DISPATCHER_TLS_CA", os.devnull, "has no certificate in PEM"),
        ("ATE_DISPATCHER_TLS_CA", "a\0b", "cannot be read"),
        ("ATE_DISPATCHER_TLS_CERT", "/nowhere", "is set without ATE_DISPATCHER_TLS_KEY"),
        ("ATE_DISPATCHER_TLS_KEY", "/nowhere", "is set without ATE_DISPATCHER_TLS_CERT"),
        ("ATE_DISPATCHER_SERVER_NAME", "a b", "must be a host name"),
        ("ATE_DISPATCHER_TOKEN_FILE", "/nowhere", "names /nowhere, which cannot be read (No such file"),
        ("ATE_DISPATCHER_TOKEN_FILE", os.devnull, "which is empty"),
    ],
)
def test_a_variable_without_a_usable_value_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    environment: dict[str, Any] = {**os.environ, variable: value}
    monkeypatch.setattr(os, "environ", environment)
    with pytest.raises(InvalidArgumentError) as raised:
        ATEDispatcher("127.0.0.1:1")
    assert [each.field for each in raised.value.field_violations] == [variable]
    assert words in raised.value.details


def test_tls_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidArgumentError, match="tls needs the address of a dispatcher"):
        ATEDispatcher(tls=Tls())
    monkeypatch.setenv("ATE_DISPATCHER_TLS", "on")
    with pytest.raises(InvalidArgumentError, match="tls needs the address of a dispatcher"):
        ATEDispatcher()


def test_a_token_is_not_sent_in_clear_text_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATE_DISPATCHER_TOKEN", SECRET)
    dispatcher = ATEDispatcher("10.0.0.1:1")
    with pytest.raises(InvalidArgumentError, match="would be sent in clear text"):
        dispatcher.start()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (StatusCode.UNAUTHENTICATED, UnauthenticatedError),
        (StatusCode.PERMISSION_DENIED, PermissionDeniedError),
    ],
)
def test_a_refusal_is_raised_by_start_and_leaves_nothing(
    stock: StockServer, code: StatusCode, kind: type[Exception]
) -> None:
    stock.refuse = lambda authorization: code
    dispatcher = ATEDispatcher(stock.address, token=SECRET)
    dispatcher.register_result_producer(Producer(), "t")
    with pytest.raises(kind):
        dispatcher.start()


def test_a_session_that_is_refused_later_is_logged_and_the_dispatcher_still_stops(
    stock: StockServer, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher = ATEDispatcher(stock.address, token=SECRET)
    dispatcher.start()
    sessions = dispatcher._sessions
    assert sessions is not None
    producer = sessions._client.producer([], lambda a: 1).ready(10)
    sessions._producers[Producer()] = (producer, {"t"})
    stock.refuse = lambda authorization: StatusCode.UNAUTHENTICATED
    stock.end_streams()
    with pytest.raises(UnauthenticatedError):
        producer.wait(10)
    dispatcher.stop()
    dispatcher.join(20)
    assert not dispatcher.is_alive()
    assert "the end of the sessions raised" not in caplog.text


def test_the_end_of_a_session_is_logged(stock: StockServer, caplog: pytest.LogCaptureFixture) -> None:
    stock.refuse = lambda authorization: StatusCode.PERMISSION_DENIED
    dispatcher = ATEDispatcher(stock.address, token=SECRET)
    dispatcher.start()
    with pytest.raises(PermissionDeniedError):
        dispatcher.register_result_producer(Producer(), "t")
    dispatcher.stop()
    dispatcher.join(20)
    assert "a session has ended for good: PERMISSION_DENIED: refused" in caplog.text


def test_a_request_is_sent_again_with_another_token(
    stock: StockServer, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = iter(("t1", "t2", "t3"))
    stock.refuse = accept_only("t3")
    dispatcher = ATEDispatcher(stock.address, token=lambda: next(tokens))
    dispatcher.start()
    dispatcher.send_request("t", ttl=10_000)
    dispatcher._wait_for_earlier_requests()
    dispatcher.stop()
    dispatcher.join(20)
    assert stock.tokens() == bearer("t1", "t2", "t3")
    with caplog.at_level(logging.ERROR):
        run(ATEDispatcher(stock.address, token=SECRET))
    assert stock.tokens()[3:] == bearer(SECRET)
    assert "the dispatcher rejected a request on 't': UNAUTHENTICATED: refused" in caplog.text
    assert SECRET not in caplog.text


def test_a_dispatcher_that_it_starts_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in VARIABLES:
        monkeypatch.setenv(each, SECRET)
    monkeypatch.setenv("ATE_DISPATCHER_MAX_TTL_MS", "5")
    child = _child_environment()
    assert SECRET not in child.values()
    assert child["ATE_DISPATCHER_MAX_TTL_MS"] == "5"
