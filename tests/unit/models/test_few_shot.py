"""Few-shot examples before a question: drawn by seed, never the question itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.few_shot import FewShotSampler, labelled_shots
from w2s.tasks import AnswerExample, ChoiceExample, Example

GOLD = [
    ChoiceExample(f"q{number}", f"Question {number}?", ("x", "y"), ("AB"[number % 2],))
    for number in range(12)
]
OTHER = ChoiceExample("other", "Another question?", ("x", "y"))


def shots(
    example: Example, count: int, seed: int = 0, gold: Sequence[Example] = GOLD
) -> list[tuple[Example, str]]:
    return FewShotSampler(labelled_shots(gold), seed).shots_for(example, count, "hf:small")


@given(st.integers(0, 12), st.integers(0, 2**31), st.permutations(GOLD))
def test_draw_does_not_depend_on_the_order_of_gold(count: int, seed: int, gold: list[ChoiceExample]) -> None:
    found = shots(OTHER, count, seed, gold)
    assert found == shots(OTHER, count, seed)
    assert len({shot.id for shot, _ in found}) == count
    assert all(label == shot.gold[0] for shot, label in found)


def test_seeds_give_different_shots() -> None:
    assert len({tuple(shot.id for shot, _ in shots(OTHER, 4, seed)) for seed in range(10)}) > 5


@pytest.mark.parametrize("asked", GOLD)
def test_question_itself_is_never_a_shot(asked: ChoiceExample) -> None:
    assert asked not in [shot for shot, _ in shots(asked, 11, 1)]
    renamed = replace(asked, id="renamed", options=asked.options[::-1], gold=())
    assert asked not in [shot for shot, _ in shots(renamed, 11, 1)]
    reworded = replace(asked, question="Something else?", gold=())
    assert asked not in [shot for shot, _ in shots(reworded, 11, 1)]


def test_other_questions_have_the_same_shots() -> None:
    usual = shots(OTHER, 3, 2)
    ids = {shot.id for shot, _ in usual}
    assert all(shots(one, 3, 2) == usual for one in GOLD if one.id not in ids)
    for shot, _ in usual:
        kept = [pair for pair in usual if pair[0] is not shot]
        assert shots(shot, 3, 2)[:2] == kept


def test_gold_of_another_task_can_be_a_shot() -> None:
    assert len(shots(AnswerExample("a", "How many?"), 2)) == 2


def test_too_few_shots_are_refused() -> None:
    unknown = [replace(one, gold=()) for one in GOLD[2:]]
    with raises_code("model-too-few-shots", UsageError) as caught:
        shots(OTHER, 3, gold=[*GOLD[:2], *unknown])
    assert "'hf:small' requests 3 few-shot examples, but only 2 are available" in str(caught.value)
    with raises_code("model-too-few-shots", UsageError) as caught:
        shots(GOLD[0], 1, gold=[replace(GOLD[0], id=f"again {number}") for number in range(3)])
    assert "only 0 are available for example 'q0'; give more with --few-shot FILE" in str(caught.value)
    assert shots(OTHER, 0, gold=[]) == []
