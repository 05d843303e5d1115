"""Labels against reference answers, exchanged labels, and blind spots."""

from __future__ import annotations

import numpy as np
import pytest

import w2s
from w2s.analysis.blind_spots import blind_spots, deciles_of, spread_over_seeds
from w2s.analysis.control_arms import wrong_answer
from w2s.analysis.reference_labels import compare_regrets
from w2s.tasks import ChoiceExample, MoveExample, judge


@pytest.mark.parametrize("margin", [0, 10, 25])
def test_every_known_label_is_better_equal_or_worse(margin: int) -> None:
    random = np.random.default_rng(6)
    label, reference = random.integers(0, 60, (2, 300)).astype(np.float64)
    label[:20] = np.nan
    found = compare_regrets(label, reference, margin)
    assert (np.stack(found).sum(axis=0) == np.isfinite(label)).all()
    gain = reference[20:] - label[20:]
    assert found.better[20:].tolist() == [one > margin for one in gain]
    assert found.worse[20:].tolist() == [one < -margin for one in gain]


def test_wrong_answers_are_legal_and_wrong() -> None:
    state = w2s.game("connect_four").state()
    moves = [MoveExample(f"p{i}", state, gold=("3",)) for i in range(20)]
    found = {wrong_answer(example, "3", seed=0) for example in moves}
    assert len(found) > 1
    assert found < set(state.legal_moves())
    assert not any(judge(moves[0], label) for label in found)
    choice = ChoiceExample("c", "?", ("x", "y"), gold=("A",))
    assert wrong_answer(choice, "A", seed=0) == "B"


def test_a_label_stays_if_every_answer_is_right() -> None:
    choice = ChoiceExample("c", "?", ("x",), gold=("A",))
    assert wrong_answer(choice, "A", seed=0) == "A"


def test_blind_spots_are_sure_and_wrong_where_the_teacher_was_unsure() -> None:
    student, correct, teacher = [0.8, 0.8, 0.79, 0.8], [0, 1, 0, 0], [0.49, 0.49, 0.49, 0.5]
    assert blind_spots(student, correct, teacher).tolist() == [True, False, False, False]
    assert blind_spots(student, correct, [np.nan] * 4).tolist() == [False] * 4


def test_spread_is_the_standard_deviation_over_seeds() -> None:
    found = spread_over_seeds([[0.2, 0.5], [0.4, 0.5]])
    assert found == pytest.approx([np.std([0.2, 0.4], ddof=1), 0.0])


def test_deciles_hold_a_tenth_each() -> None:
    assert np.bincount(deciles_of(np.random.default_rng(0).random(200))).tolist() == [20] * 10
