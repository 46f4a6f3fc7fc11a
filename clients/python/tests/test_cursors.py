"""The positions of a listener; the same cases as in the TypeScript client."""

from __future__ import annotations

from ate_dispatcher_grpc._cursors import Cursors
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Cursor

T = "topic1"


def cursor(epoch: str, sequence: int, topic: str = T) -> Cursor:
    return Cursor(topic=topic, epoch=epoch, sequence=sequence)


def started_at(epoch: str, sequence: int) -> Cursors:
    cursors = Cursors()
    cursors.stream_started([cursor(epoch, sequence)])
    return cursors


def taken(cursors: Cursors, *sequences: int) -> list[int]:
    return [sequence for sequence in sequences if cursors.take(T, sequence)]


def test_a_position_advances_with_each_delivery() -> None:
    cursors = started_at("e1", 4)
    assert taken(cursors, 5, 6) == [5, 6]
    assert cursors.resume_points() == [cursor("e1", 6)]


def test_a_delivery_without_a_position_is_new_and_advances_nothing() -> None:
    cursors = started_at("e1", 4)
    assert taken(cursors, 0, 0) == [0, 0]
    assert cursors.resume_points() == [cursor("e1", 4)]


def test_duplicates_on_a_new_stream_are_skipped() -> None:
    cursors = started_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([cursor("e1", 2)])
    assert taken(cursors, 3, 4, 5) == [5]
    assert cursors.resume_points() == [cursor("e1", 5)]


def test_a_lower_position_starts_an_epoch_whose_name_arrives_later() -> None:
    cursors = started_at("e1", 4)
    assert taken(cursors, 1, 2) == [1, 2]
    assert cursors.resume_points() == [cursor("", 2)]
    cursors.advance([cursor("e2", 2)])
    assert cursors.resume_points() == [cursor("e2", 2)]


def test_a_lower_position_starts_an_epoch_of_a_topic_the_new_stream_did_not_announce() -> None:
    cursors = started_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([])
    assert taken(cursors, 1, 2) == [1, 2]


def test_an_unannounced_topic_starts_with_its_first_delivery() -> None:
    cursors = Cursors()
    assert taken(cursors, 7) == [7]
    assert cursors.resume_points() == [cursor("", 7)]


def test_the_server_moves_a_position_only_forward_within_an_epoch() -> None:
    cursors = started_at("e1", 4)
    cursors.advance([cursor("e1", 2)])
    assert cursors.resume_points() == [cursor("e1", 4)]
    cursors.advance([cursor("e1", 9)])
    assert cursors.resume_points() == [cursor("e1", 9)]
    cursors.advance([cursor("e2", 1)])
    assert cursors.resume_points() == [cursor("e2", 1)]
    assert taken(cursors, 2) == [2]


def test_lost_deliveries_are_not_requested_again() -> None:
    cursors = started_at("e1", 4)
    cursors.skip(T, 8)
    assert cursors.resume_points() == [cursor("e1", 8)]
    assert taken(cursors, 9) == [9]


def test_an_unconfirmed_position_of_an_earlier_epoch_is_dropped() -> None:
    cursors = started_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([])
    cursors.epoch_changed(T)
    assert taken(cursors, 9) == [9]
    assert cursors.resume_points() == [cursor("", 9)]


def test_a_position_of_the_new_epoch_survives_the_gap() -> None:
    cursors = started_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([cursor("e2", 2)])
    cursors.epoch_changed(T)
    assert taken(cursors, 3) == [3]
    assert cursors.resume_points() == [cursor("e2", 3)]


def test_a_new_epoch_is_accepted_from_its_beginning() -> None:
    cursors = started_at("e1", 57)
    cursors.resume_points()
    cursors.stream_started([cursor("e2", 0)])
    cursors.epoch_changed(T)
    assert taken(cursors, 1, 2) == [1, 2]
    assert cursors.resume_points() == [cursor("e2", 2)]


def test_a_topic_starts_over_if_the_server_says_that_its_position_is_not_of_the_epoch() -> None:
    cursors = started_at("e1", 57)
    cursors.resume_points()
    cursors.stream_started([cursor("e1", 0)])
    cursors.epoch_changed(T)
    assert taken(cursors, 1, 2) == [1, 2]
    assert cursors.resume_points() == [cursor("e1", 2)]


def test_a_position_of_an_unnamed_epoch_is_not_one_of_the_new_epoch() -> None:
    cursors = Cursors()
    taken(cursors, 57)
    cursors.resume_points()
    cursors.stream_started([cursor("e2", 2)])
    assert taken(cursors, 3) == [3]
    assert cursors.resume_points() == [cursor("e2", 3)]


def test_positions_of_removed_topics_are_dropped() -> None:
    cursors = Cursors()
    cursors.advance([cursor("e", 1, "a.b"), cursor("e", 1, "a.c"), cursor("e", 1, "d")])
    cursors.retain(["a.*", "x"])
    assert [each.topic for each in cursors.resume_points()] == ["a.b", "a.c"]


def test_the_oldest_topics_are_evicted_beyond_the_limit() -> None:
    cursors = Cursors()
    for topic in range(10_001):
        cursors.take(str(topic), 1)
    topics = [each.topic for each in cursors.resume_points()]
    assert len(topics) == 10_000
    assert (topics[0], topics[-1]) == ("1", "10000")
