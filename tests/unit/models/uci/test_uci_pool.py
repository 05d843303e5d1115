"""Seats for matches, engines for labels, and a cap on failures."""

from __future__ import annotations

from tests.doubles.errors import raises_code
from w2s.errors import ModelError
from w2s.models.uci.engine import Engine
from w2s.models.uci.pool import FAILURES_IN_A_ROW, Pool


def pool(size: int) -> Pool:
    """A pool whose engines are never started."""

    def engine() -> Engine:
        return Engine(["/no/engine"], {}, 1.0)

    return Pool(engine, engine, size)


def test_new_matches_have_seats_of_their_own_as_long_as_there_are_any() -> None:
    made = pool(3)
    seats = [made.seat(name, ("a", "b", "c")) for name in "abc"]
    assert len({id(seat.engine) for seat in seats}) == 3
    assert [seat.match for seat in seats] == ["a", "b", "c"]


def test_a_match_keeps_its_seat() -> None:
    made = pool(2)
    first, second = made.seat("a", ()), made.seat("b", ())
    assert made.seat("a", ()) is first
    assert made.seat("b", ()) is second
    assert first is not second


def test_a_released_seat_is_taken_first_and_the_engine_forgets_the_match() -> None:
    made = pool(2)
    first, second = made.seat("a", ()), made.seat("b", ())
    first.told, second.told = "a", "b"
    made.release("a")
    made.release("never heard of")
    assert (first.match, first.told, second.told) == (None, None, "b")
    assert made.seat("c", ()) is first


def test_a_match_too_many_takes_the_seat_unused_for_longest_but_none_that_is_needed_now() -> None:
    made = pool(3)
    seats = {name: made.seat(name, ()) for name in "abc"}
    made.seat("a", ())
    assert made.seat("d", ("b", "d")) is seats["c"]
    assert made.seat("e", ("a", "b", "d", "e")) is seats["b"]  # all are needed: two share


def test_the_first_engine_plays_the_first_match() -> None:
    made = pool(2)
    engine = made.first()
    assert made.first() is engine
    assert made.seat("a", ()).engine is engine


def test_as_many_engines_label_as_there_are_labels_and_none_of_them_plays() -> None:
    made = pool(3)
    assert [len(made.labellers(count)) for count in (0, 1, 2, 9)] == [0, 1, 2, 3]
    assert made.labellers(3) == made.labellers(9)
    assert made.seat("a", ()).engine not in made.labellers(3)


def test_failures_in_a_row_end_the_work_and_any_answer_breaks_the_row() -> None:
    made = pool(1)
    for _ in range(3):
        for _ in range(FAILURES_IN_A_ROW - 1):
            made.count_failure("eng", "died")
        made.count_answer()
    for _ in range(FAILURES_IN_A_ROW - 1):
        made.count_failure("eng", "died")
    with raises_code("uci-repeated-failure", ModelError) as caught:
        made.count_failure("eng", "died")
    assert f"'eng' failed {FAILURES_IN_A_ROW} times in a row" in str(caught.value)
    assert "died" in str(caught.value)
