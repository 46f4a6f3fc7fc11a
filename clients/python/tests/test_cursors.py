"""Where a listener stands; the same cases as those of the TypeScript client."""

from __future__ import annotations

from ate_dispatcher_grpc._cursors import Cursors
from ate_dispatcher_grpc._gen.ate.dispatcher.v1.session_pb2 import Cursor

T = "topic1"


def cursor(epoch: str, sequence: int, topic: str = T) -> Cursor:
    return Cursor(topic=topic, epoch=epoch, sequence=sequence)


def begun_at(epoch: str, sequence: int) -> Cursors:
    cursors = Cursors()
    cursors.stream_started([cursor(epoch, sequence)])
    return cursors


def taken(cursors: Cursors, *sequences: int) -> list[int]:
    return [sequence for sequence in sequences if cursors.take(T, sequence)]


def test_they_move_with_what_is_taken() -> None:
    cursors = begun_at("e1", 4)
    assert taken(cursors, 5, 6) == [5, 6]
    assert cursors.resume_points() == [cursor("e1", 6)]


def test_they_take_what_has_no_position_without_moving() -> None:
    cursors = begun_at("e1", 4)
    assert taken(cursors, 0, 0) == [0, 0]
    assert cursors.resume_points() == [cursor("e1", 4)]


def test_they_skip_what_a_new_stream_repeats() -> None:
    cursors = begun_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([cursor("e1", 2)])
    assert taken(cursors, 3, 4, 5) == [5]
    assert cursors.resume_points() == [cursor("e1", 5)]


def test_they_take_a_position_that_falls_for_a_new_epoch_whose_name_comes_later() -> None:
    cursors = begun_at("e1", 4)
    assert taken(cursors, 1, 2) == [1, 2]
    assert cursors.resume_points() == [cursor("", 2)]
    cursors.advance([cursor("e2", 2)])
    assert cursors.resume_points() == [cursor("e2", 2)]


def test_they_take_a_new_epoch_also_of_a_topic_that_a_new_stream_did_not_know() -> None:
    cursors = begun_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([])
    assert taken(cursors, 1, 2) == [1, 2]


def test_they_begin_with_the_first_delivery_of_a_topic_that_nobody_announced() -> None:
    cursors = Cursors()
    assert taken(cursors, 7) == [7]
    assert cursors.resume_points() == [cursor("", 7)]


def test_they_follow_the_server_forward_in_one_epoch_and_anywhere_into_another() -> None:
    cursors = begun_at("e1", 4)
    cursors.advance([cursor("e1", 2)])
    assert cursors.resume_points() == [cursor("e1", 4)]
    cursors.advance([cursor("e1", 9)])
    assert cursors.resume_points() == [cursor("e1", 9)]
    cursors.advance([cursor("e2", 1)])
    assert cursors.resume_points() == [cursor("e2", 1)]
    assert taken(cursors, 2) == [2]


def test_they_do_not_ask_again_for_what_the_server_declared_lost() -> None:
    cursors = begun_at("e1", 4)
    cursors.skip(T, 8)
    assert cursors.resume_points() == [cursor("e1", 8)]
    assert taken(cursors, 9) == [9]


def test_they_drop_a_claim_of_an_earlier_epoch() -> None:
    cursors = begun_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([])
    cursors.epoch_changed(T)
    assert taken(cursors, 9) == [9]
    assert cursors.resume_points() == [cursor("", 9)]


def test_they_keep_what_the_new_stream_said_about_the_new_epoch() -> None:
    cursors = begun_at("e1", 4)
    cursors.resume_points()
    cursors.stream_started([cursor("e2", 2)])
    cursors.epoch_changed(T)
    assert taken(cursors, 3) == [3]
    assert cursors.resume_points() == [cursor("e2", 3)]


def test_they_do_not_mistake_a_position_of_an_unnamed_epoch_for_one_of_the_new_streams() -> None:
    cursors = Cursors()
    taken(cursors, 57)
    cursors.resume_points()
    cursors.stream_started([cursor("e2", 2)])
    assert taken(cursors, 3) == [3]
    assert cursors.resume_points() == [cursor("e2", 3)]


def test_they_forget_topics_that_are_listened_to_no_longer() -> None:
    cursors = Cursors()
    cursors.advance([cursor("e", 1, "a.b"), cursor("e", 1, "a.c"), cursor("e", 1, "d")])
    cursors.retain(["a.*", "x"])
    assert [each.topic for each in cursors.resume_points()] == ["a.b", "a.c"]


def test_they_remember_a_bounded_number_of_topics_the_newest_ones() -> None:
    cursors = Cursors()
    for topic in range(10_001):
        cursors.take(str(topic), 1)
    topics = [each.topic for each in cursors.resume_points()]
    assert len(topics) == 10_000
    assert (topics[0], topics[-1]) == ("1", "10000")
