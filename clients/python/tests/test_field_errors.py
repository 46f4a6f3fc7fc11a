"""Arguments that this library refuses itself carry the reason and the paths that the dispatcher would give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ate_dispatcher_grpc import Client, InvalidArgumentError, aio
from ate_dispatcher_grpc.compat import ATEDispatcher
from tests.conftest import FAST

REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"ttl": "4s"}, "request.ttl"),
    ({"ttl": float("nan")}, "request.ttl"),
    ({"ttl": -1}, "request.ttl"),
    ({"data": "text"}, "request.data"),
    ({"request_id": 5}, "request.request_id"),
    ({"attributes": {"a": 1}}, "request.attributes"),
    ({"completion": {"result_count": 1, "first_success": True}}, "request.completion"),
    ({"completion": {"results": 1}}, "request.completion.results"),
    ({"completion": {"result_count": -1}}, "request.completion.result_count"),
    ({"completion": {"stall_timeout": "1s"}}, "request.completion.stall_timeout"),
    ({"completion": {"loser_action": "SHRUG"}}, "request.completion.loser_action"),
    ({"selector": {"regions": []}}, "request.selector.regions"),
    ({"selector": {"max_targets": -1}}, "request.selector.max_targets"),
    ({"selector": {"producer_ids": [1]}}, "request.selector.producer_ids"),
    ({"selector": {"match_labels": {"a": 1}}}, "request.selector.match_labels"),
    ({"no_producers_action": "SHRUG"}, "request.no_producers_action"),
    ({"timeout": -1}, "timeout"),
    ({"context": {"traceparent": "é"}}, "metadata.traceparent"),
]

LISTENERS: list[tuple[Any, dict[str, Any], str]] = [
    (["t", "a b"], {}, "listen.topics[1]"),
    (["t", 1], {}, "listen.topics[1]"),
    ("abc", {}, "listen.topics"),
    ([], {"id": 5}, "listen.listener_id"),
    ([], {"id": "x" * 100_000}, "listen.listener_id"),
    ([], {"group": 5}, "listen.group"),
    ([], {"group": "x" * 100_000}, "listen.group"),
    ([], {"overflow_action": "SHRUG"}, "listen.overflow_action"),
    ([], {"buffer_bytes": -1}, "listen.buffer_bytes"),
]

PRODUCERS: list[tuple[Any, dict[str, Any], str]] = [
    ("abc", {}, "messages.hello.registrations"),
    ([("t", 5)], {}, "messages.hello.registrations[0].group"),
    (["t", 5], {}, "messages.hello.registrations[1].topic"),
    ([("t", "x" * 100_000)], {}, "messages.hello.registrations[0].group"),
    (["t", "x" * 100_000], {}, "messages.hello.registrations[1].topic"),
    ([], {"id": 5}, "messages.hello.producer_id"),
    ([], {"id": "x" * 100_000}, "messages.hello.producer_id"),
    ([], {"display_name": 5}, "messages.hello.display_name"),
    ([], {"labels": {"a": 1}}, "messages.hello.labels"),
    ([], {"labels": ["a"]}, "messages.hello.labels"),
    ([], {"labels": {"a": "x" * 100_000}}, "messages.hello.labels"),
    ([], {"max_backlog": -1}, "messages.hello.max_backlog"),
]

UPDATES: list[tuple[Any, dict[str, Any], Sequence[str]]] = [
    ("l", {"add": ["t", "a b"]}, ["add_topics[1]"]),
    ("l", {"add": "abc"}, ["add_topics"]),
    ("l", {"remove": [1]}, ["remove_topics"]),
    (5, {}, ["listener_id"]),
    ("a b", {"add": ["a b"], "remove": [".."]}, ["listener_id", "add_topics[0]", "remove_topics[0]"]),
    ("l", {"add": [f"t.{number}" for number in range(20_000)] + ["a b"]}, ["add_topics[20000]"]),
]

REGISTRATIONS: list[tuple[Any, dict[str, Any], str]] = [
    ("a b", {}, "messages.register.registrations[0].topic"),
    (5, {}, "messages.register.registrations[0].topic"),
    ("x" * 100_000, {}, "messages.register.registrations[0].topic"),
    ("t", {"group": "a b"}, "messages.register.registrations[0].group"),
    ("t", {"group": 5}, "messages.register.registrations[0].group"),
    ("t", {"group": "x" * 100_000}, "messages.register.registrations[0].group"),
]


@pytest.mark.parametrize(("options", "field"), REQUESTS)
def test_a_request(client: Client, options: dict[str, Any], field: str) -> None:
    calls: list[Callable[..., object]] = [client.dispatch, client.validate]
    for call in (*calls, lambda topic, **each: client.gather(topic, **each).summary):
        with pytest.raises(InvalidArgumentError) as caught:
            call("t", **options)
        _check(caught.value, [field])


@pytest.mark.parametrize(("topics", "options", "field"), LISTENERS)
def test_a_listener(client: Client, topics: Any, options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client.listener(topics, **options)
    _check(caught.value, [field])


@pytest.mark.parametrize(
    ("topics", "options", "field"), [*PRODUCERS, ([], {"concurrency": 0}, "concurrency")]
)
def test_a_producer(client: Client, topics: Any, options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client.producer(topics, lambda a: 1, **options)
    _check(caught.value, [field])


@pytest.mark.parametrize(("listener_id", "change", "fields"), UPDATES)
def test_an_update_of_a_listener(
    client: Client, listener_id: Any, change: dict[str, Any], fields: Sequence[str]
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        client.update_listener(listener_id, **change)
    _check(caught.value, fields)


def test_a_change_of_topics(client: Client, topic: str) -> None:
    producer = client.producer([topic], lambda a: 1).ready(10)
    listener = client.listener([topic]).ready(10)
    for name, options, field in REGISTRATIONS:
        with pytest.raises(InvalidArgumentError) as caught:
            producer.register(name, **options)
        _check(caught.value, [field])
    for name in ("a b", 5, "x" * 100_000):
        with pytest.raises(InvalidArgumentError) as caught:
            producer.deregister(name)  # type: ignore[arg-type]
        _check(caught.value, ["messages.deregister.topics[0]"])
        with pytest.raises(InvalidArgumentError) as caught:
            listener.add("t", name)  # type: ignore[arg-type]
        _check(caught.value, ["update.add_topics[1]"])
    with pytest.raises(InvalidArgumentError) as caught:
        client.cancel_request(5)  # type: ignore[arg-type]
    _check(caught.value, ["request_id"])
    assert [result.value for result in client.gather(topic)] == [1]
    assert listener.get(timeout=10).value == 1


async def test_asyncio(address: str, topic: str) -> None:
    async with aio.Client(address, reconnect=FAST) as client:
        for options, field in REQUESTS:
            with pytest.raises(InvalidArgumentError) as caught:
                await client.dispatch("t", **options)
            _check(caught.value, [field])
        for topics, options, field in LISTENERS:
            with pytest.raises(InvalidArgumentError) as caught:
                client.listener(topics, **options)
            _check(caught.value, [field])
        for topics, options, field in PRODUCERS:
            with pytest.raises(InvalidArgumentError) as caught:
                client.producer(topics, lambda a: 1, **options)
            _check(caught.value, [field])
        for listener_id, change, fields in UPDATES:
            with pytest.raises(InvalidArgumentError) as caught:
                await client.update_listener(listener_id, **change)
            _check(caught.value, fields)
        producer = await client.producer([topic], lambda a: 1).ready()
        listener = await client.listener([topic]).ready()
        for name, options, field in REGISTRATIONS:
            with pytest.raises(InvalidArgumentError) as caught:
                await producer.register(name, **options)
            _check(caught.value, [field])
        with pytest.raises(InvalidArgumentError) as caught:
            await producer.deregister("a b")
        _check(caught.value, ["messages.deregister.topics[0]"])
        with pytest.raises(InvalidArgumentError) as caught:
            await listener.add("a b")
        _check(caught.value, ["update.add_topics[0]"])
        with pytest.raises(InvalidArgumentError) as caught:
            await client.cancel_request(5)  # type: ignore[arg-type]
        _check(caught.value, ["request_id"])
        assert [result.value async for result in client.gather(topic)] == [1]


@pytest.mark.parametrize(
    ("topic", "ttl", "field"),
    [
        ("t", 0, "request.ttl"),
        ("t", "4s", "request.ttl"),
        (5, 1, "request.topic"),
        ("ü" * 200, 1, "request.topic"),
    ],
)
def test_the_replacement_of_ate_dispatcher(address: str, topic: Any, ttl: Any, field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        ATEDispatcher(address).send_request(topic, ttl=ttl)
    _check(caught.value, [field])


@pytest.mark.parametrize(
    ("options", "field"), [({"address": ""}, "address"), ({"call_timeout": -1}, "call_timeout")]
)
def test_a_client(options: dict[str, Any], field: str) -> None:
    for make in (Client, aio.Client):
        with pytest.raises(InvalidArgumentError) as caught:
            make(**options)
        _check(caught.value, [field])


def _check(error: InvalidArgumentError, fields: Sequence[str]) -> None:
    found = [violation.field for violation in error.field_violations]
    assert (error.reason, found) == ("INVALID_FIELD", list(fields))
