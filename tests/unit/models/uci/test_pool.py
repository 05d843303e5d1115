"""Slots for matches, engines for labels, and the limit on failures."""

from __future__ import annotations

from tests.doubles.errors import raises_code
from w2s.errors import ModelError
from w2s.models.uci.engine import Engine
from w2s.models.uci.pool import MAX_ENGINE_FAILURES, EnginePool


def pool(size: int) -> EnginePool:
    """A pool of engines that are never started."""

    def engine() -> Engine:
        return Engine(["/no/engine"], {}, 1.0)

    return EnginePool(engine, engine, size)


def test_new_matches_get_free_slots() -> None:
    made = pool(3)
    slots = [made.slot(name, ("a", "b", "c")) for name in "abc"]
    assert len({id(slot.engine) for slot in slots}) == 3
    assert [slot.match for slot in slots] == ["a", "b", "c"]


def test_match_keeps_its_slot() -> None:
    made = pool(2)
    first, second = made.slot("a", ()), made.slot("b", ())
    assert made.slot("a", ()) is first
    assert made.slot("b", ()) is second
    assert first is not second


def test_released_slot_is_reused_first() -> None:
    made = pool(2)
    first, second = made.slot("a", ()), made.slot("b", ())
    first.engine_match, second.engine_match = "a", "b"
    made.release("a")
    made.release("never heard of")
    assert (first.match, first.engine_match, second.engine_match) == (None, None, "b")
    assert made.slot("c", ()) is first


def test_surplus_match_takes_least_recently_used_slot() -> None:
    made = pool(3)
    slots = {name: made.slot(name, ()) for name in "abc"}
    made.slot("a", ())
    assert made.slot("d", ("b", "d")) is slots["c"]
    assert made.slot("e", ("a", "b", "d", "e")) is slots["b"]  # all are needed: two share


def test_first_engine_plays_first_match() -> None:
    made = pool(2)
    engine = made.first()
    assert made.first() is engine
    assert made.slot("a", ()).engine is engine


def test_labelling_engines_are_separate_and_limited() -> None:
    made = pool(3)
    assert [len(made.labellers(count)) for count in (0, 1, 2, 9)] == [0, 1, 2, 3]
    assert made.labellers(3) == made.labellers(9)
    assert made.slot("a", ()).engine not in made.labellers(3)


def test_failures_in_a_row_raise_and_answers_reset_the_count() -> None:
    made = pool(1)
    for _ in range(3):
        for _ in range(MAX_ENGINE_FAILURES - 1):
            made.count_failure("eng", "died")
        made.count_answer()
    for _ in range(MAX_ENGINE_FAILURES - 1):
        made.count_failure("eng", "died")
    with raises_code("uci-repeated-failure", ModelError) as caught:
        made.count_failure("eng", "died")
    assert f"'eng' failed {MAX_ENGINE_FAILURES} times in a row" in str(caught.value)
    assert "died" in str(caught.value)
