"""Solved examples in front of a question: drawn by seed, never the question itself."""

from __future__ import annotations

import doctest
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.errors import DataError
from w2s.tasks import AnswerExample, ChoiceExample
from w2s.tasks.prompts import Shots
from w2s.tasks.prompts import shots as module

GOLD = [
    ChoiceExample(f"q{number}", f"Question {number}?", ("x", "y"), ("AB"[number % 2],))
    for number in range(12)
]
OTHER = ChoiceExample("other", "Another question?", ("x", "y"))


@given(st.integers(0, 10), st.integers(0, 2**31), st.permutations(GOLD))
def test_the_same_seed_draws_the_same_examples_in_whatever_order_gold_comes(
    count: int, seed: int, gold: list[ChoiceExample]
) -> None:
    found = Shots(gold, count, seed).of(OTHER)
    assert found == Shots(GOLD, count, seed).of(OTHER)
    assert len({shot.id for shot, _ in found}) == count
    assert all(label == shot.gold[0] for shot, label in found)


def test_seeds_draw_differently() -> None:
    assert len({tuple(shot.id for shot, _ in Shots(GOLD, 4, seed).of(OTHER)) for seed in range(10)}) > 5


@pytest.mark.parametrize("asked", GOLD)
def test_the_question_itself_is_never_shown_by_id_or_by_content(asked: ChoiceExample) -> None:
    shots = Shots(GOLD, 11, seed=1)
    assert asked not in [shot for shot, _ in shots.of(asked)]
    renamed = replace(asked, id="renamed", options=asked.options[::-1], gold=())
    assert asked not in [shot for shot, _ in shots.of(renamed)]
    reworded = replace(asked, question="Something else?", gold=())
    assert asked not in [shot for shot, _ in shots.of(reworded)]


def test_every_other_question_has_the_same_examples_in_front() -> None:
    shots = Shots(GOLD, 3, seed=2)
    usual = shots.of(OTHER)
    shown = {shot.id for shot, _ in usual}
    assert all(shots.of(one) == usual for one in GOLD if one.id not in shown)
    for shot, _ in usual:
        kept = [pair for pair in usual if pair[0] is not shot]
        assert shots.of(shot)[:2] == kept


def test_gold_of_another_task_can_be_shown() -> None:
    assert len(Shots(GOLD, 2).of(AnswerExample("a", "How many?"))) == 2


def test_too_little_gold_is_named() -> None:
    unknown = [replace(one, gold=()) for one in GOLD[2:]]
    with pytest.raises(
        DataError, match=r"2 examples with a known answer cannot give 2 solved ones .* 3 are needed"
    ):
        Shots([*GOLD[:2], *unknown], 2)
    same = [replace(GOLD[0], id=f"again {number}") for number in range(3)]
    with pytest.raises(DataError, match="gold holds too little but 'q0' itself"):
        Shots(same, 2).of(GOLD[0])
    assert Shots([], 0).of(OTHER) == []


def test_the_examples_run() -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
