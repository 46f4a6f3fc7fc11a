"""The outstanding assignments of a producer, tested with messages instead of a dispatcher."""

from __future__ import annotations

import pytest
from grpc import StatusCode

from ate_dispatcher_grpc._assignment import BaseAssignment
from ate_dispatcher_grpc._gen import view_pb2 as view
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.producer_pb2 import Revocation, Welcome
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.request_pb2 import Request
from ate_dispatcher_grpc._gen.google.rpc.status_pb2 import Status
from ate_dispatcher_grpc._producer_core import ProducerCore
from ate_dispatcher_grpc._producer_options import ProducerOptions
from ate_dispatcher_grpc._producer_port import Disposition
from ate_dispatcher_grpc._session import session_lost
from ate_dispatcher_grpc._status import error_of_status
from ate_dispatcher_grpc._varint import length_delimited
from ate_dispatcher_grpc.errors import DispatcherError, unavailable
from ate_dispatcher_grpc.handler_result import encode_failure, encode_result
from ate_dispatcher_grpc.status import SessionStatus


class Driver:
    """Records the messages that the core sends, and passes it messages from a test."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bool, bytes]] = []
        self.started: list[BaseAssignment] = []
        self.core = ProducerCore(ProducerOptions(["t"], 1), BaseAssignment, self)

    def assign(self, assignment_id: str) -> BaseAssignment:
        self.assign_request(assignment_id, Request(topic="t").SerializeToString())
        return self.started[-1]

    def assign_request(self, assignment_id: str, request: bytes) -> None:
        assignment = view.Assignment(assignment_id=assignment_id, request_id="r", request=request)
        self._receive(view.DispatcherMessage(assignment=assignment))

    def revoke(self, assignment_id: str, reason: str) -> None:
        revocation = Revocation(assignment_ids=[assignment_id], reason=f"REVOCATION_REASON_{reason}")
        self._receive(view.DispatcherMessage(revocation=revocation.SerializeToString()))

    def welcome(self, max_message_bytes: int) -> None:
        welcome = Welcome(producer_id="p", max_message_bytes=max_message_bytes)
        self._receive(view.DispatcherMessage(welcome=welcome.SerializeToString()))

    def _receive(self, message: view.DispatcherMessage) -> None:
        self.core.receive(view.DispatcherBatch(messages=[message]).SerializeToString())

    def send(self, message: bytes) -> None:
        for each in view.ProducerBatch.FromString(message).messages:
            self.sent.append((each.reply.assignment_id, each.reply.more, each.reply.result))

    def run_handler(self, assignment: BaseAssignment) -> None:
        self.started.append(assignment)

    def assignment_revoked(self, assignment: BaseAssignment) -> None:
        assert assignment.revocation is not None

    def report_disposition(self, assignment_id: str, disposition: Disposition) -> None:
        raise AssertionError("unexpected disposition")

    def hello_rejected(self, error: DispatcherError) -> None:
        raise error

    def drained(self) -> None:
        raise AssertionError("unexpected drain")

    def session_live(self, status: SessionStatus, heartbeat_interval: float) -> None:
        return

    def set_heartbeat_interval(self, interval: float) -> None:
        return

    def report_status(self, status: SessionStatus) -> None:
        return


LATE = encode_result("late")
FAILURE = encode_failure(RuntimeError("gave up"))


def _nested(levels: int) -> bytes:
    arguments = b""
    for _ in range(levels):
        # ListValue.values and Value.list_value.
        arguments = length_delimited(1, length_delimited(6, arguments))
    return length_delimited(2, arguments)


# The dispatcher refuses such requests; an older one passes them on.
@pytest.mark.parametrize(
    "malformed",
    [
        b"\x12\x02\x0a\x05",
        b"\x12\x05\x0a\x03\x1a\x01\xff",
        b"\x0a\x01\xff",
        _nested(200),
    ],
    ids=["truncated arguments", "a text that is not UTF-8", "a topic that is not UTF-8", "nested too deeply"],
)
def test_a_request_that_cannot_be_decoded_is_one_error_result(malformed: bytes) -> None:
    driver = Driver()
    driver.assign_request("bad", malformed)
    assert driver.started == []
    assignment = driver.assign("good")
    driver.core.answer(assignment, LATE)
    (bad, bad_more, failure), good = driver.sent
    assert (bad, bad_more, good) == ("bad", False, ("good", False, LATE))
    error = error_of_status(Status.FromString(view.Result.FromString(failure).error))
    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT, "UNDECODABLE_REQUEST")
    assert driver.core._outstanding == {}


@pytest.mark.parametrize("reason", ["EXPIRED", "COMPLETED", "REQUESTED", "CALLER_GONE"])
def test_results_after_a_revocation_are_sent(reason: str) -> None:
    driver = Driver()
    assignment = driver.assign("a")
    driver.revoke("a", reason)
    driver.core.send_partial(assignment, LATE)
    driver.core.answer(assignment, LATE)
    driver.core.answer(assignment, LATE)
    assert assignment.revocation is not None
    assert assignment.revocation.reason == reason
    assert driver.sent == [("a", True, LATE), ("a", False, LATE)]


def test_a_revoked_handler_that_raises_sends_nothing() -> None:
    driver = Driver()
    assignment = driver.assign("a")
    driver.revoke("a", "EXPIRED")
    driver.core.fail(assignment, FAILURE)
    driver.core.answer(assignment, LATE)
    assert driver.sent == []


def test_a_late_result_beyond_the_limit_sends_no_error_result() -> None:
    driver = Driver()
    driver.welcome(max_message_bytes=64)
    late, owed = driver.assign("late"), driver.assign("owed")
    driver.sent.clear()
    driver.revoke("late", "EXPIRED")
    for assignment in (late, owed):
        driver.core.answer(assignment, encode_result("x" * 100))
    assert [assignment_id for assignment_id, _, _ in driver.sent] == ["owed"]


def test_nothing_is_sent_after_a_shutdown() -> None:
    driver = Driver()
    assignment = driver.assign("a")
    driver.revoke("a", "SHUTDOWN")
    driver.core.send_partial(assignment, LATE)
    driver.core.answer(assignment, LATE)
    assert driver.sent == []


def test_nothing_is_sent_to_the_next_session_and_the_first_reason_stays() -> None:
    driver = Driver()
    late, owed = driver.assign("late"), driver.assign("owed")
    driver.revoke("late", "EXPIRED")
    driver.core.revoke_all(session_lost(unavailable("gone", "")))
    for assignment in (late, owed):
        driver.core.answer(assignment, LATE)
    assert driver.sent == []
    reasons = [each.revocation and each.revocation.reason for each in (late, owed)]
    assert reasons == ["EXPIRED", "SESSION_LOST"]


def test_a_revoked_assignment_is_released_when_its_handler_ends() -> None:
    driver = Driver()
    for end in (driver.core.release, lambda each: driver.core.answer(each, LATE)):
        assignment = driver.assign("a")
        driver.revoke("a", "EXPIRED")
        end(assignment)
    assert driver.core._outstanding == {}
