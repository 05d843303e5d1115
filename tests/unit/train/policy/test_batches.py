"""Targets of rows over legal moves; invalid rows are refused by name."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.games import game
from w2s.tasks import MoveExample
from w2s.train import TrainingSet
from w2s.train.policy.batches import move_targets

START = game("chess").state()
EXAMPLES = [MoveExample(f"r{number}", START) for number in range(3)]
OTHELLO = TrainingSet([MoveExample("o", game("othello").state())], [{"d3": 1.0}], np.ones(1))


def rows(*targets: dict[str, float], weights: list[float] | None = None) -> TrainingSet:
    return TrainingSet(EXAMPLES[: len(targets)], targets, np.array(weights or [1.0] * len(targets)))


def test_targets_index_legal_moves_with_probabilities_that_sum_to_one() -> None:
    found = move_targets(rows({"e2e4": 3.0, "d2d4": 1.0}, {"Nf3": 1.0}), "chess")
    legal = START.legal_moves()
    assert found.offsets.tolist() == [0, 2, 3]
    assert [legal[place] for place in found.moves] == ["d2d4", "e2e4", "g1f3"]
    assert found.probs.tolist() == [0.25, 0.75, 1.0]


def test_two_spellings_of_a_move_are_merged() -> None:
    found = move_targets(rows({"e2e4": 0.5, "e4": 0.5}), "chess")
    assert (len(found.moves), found.probs.tolist()) == (1, [1.0])


def test_weights_are_scaled_to_mean_one() -> None:
    found = [
        move_targets(rows({"e2e4": 1.0}, {"e2e4": 1.0}, weights=[w, 3 * w]), "chess") for w in (1.0, 50.0)
    ]
    assert found[0].weights.tolist() == found[1].weights.tolist() == [0.5, 1.5]


def test_digest_differs_for_different_rows() -> None:
    kinds = [
        rows({"e2e4": 1.0}),
        rows({"d2d4": 1.0}),
        rows({"e2e4": 1.0}, {"e2e4": 1.0}),
        rows({"e2e4": 1.0}, {"e2e4": 1.0}, weights=[1.0, 2.0]),
        TrainingSet([MoveExample("r0", START.play("e4").play("e5"))], [{"d2d4": 1.0}], np.ones(1)),
    ]
    assert len({move_targets(kind, "chess").digest for kind in kinds}) == len(kinds)
    assert move_targets(kinds[0], "chess").digest == move_targets(rows({"e4": 7.0}), "chess").digest


@pytest.mark.parametrize(
    ("bad", "code", "fact"),
    [
        (rows(), "train-no-rows", ""),
        (rows({"e2e5": 1.0}), "train-impossible-target", "'e2e5' of example 'r0' is illegal"),
        (rows({"e2e4": 1.0}, {"hello": 1.0}), "train-impossible-target", "example 'r1' is unparsable"),
        (rows({"": 1.0}), "train-impossible-target", "example 'r0' is unparsable"),
        (rows({}), "train-invalid-target", "example 'r0'"),
        (rows({"e2e4": 0.0}), "train-invalid-target", "example 'r0'"),
        (rows({"e2e4": -1.0, "d2d4": 2.0}), "train-invalid-target", "example 'r0'"),
        (rows({"e2e4": float("nan")}), "train-invalid-target", "example 'r0'"),
        (rows({"e2e4": float("inf")}), "train-invalid-target", "example 'r0'"),
        (rows({"e2e4": 1.0}, weights=[-1.0]), "train-invalid-weights", ">= 0"),
        (rows({"e2e4": 1.0}, weights=[float("nan")]), "train-invalid-weights", ">= 0"),
        (rows({"e2e4": 1.0}, weights=[0.0]), "train-zero-weights", ""),
        (
            TrainingSet(EXAMPLES, [{"e2e4": 1.0}], np.ones(3)),
            "train-row-counts",
            "3 examples, 1 targets and 3 weights",
        ),
        (
            TrainingSet([MoveExample("o", game("othello").state())], [{"d3": 1.0}], np.ones(1)),
            "train-other-game",
            "othello",
        ),
    ],
)
def test_invalid_rows_are_refused_by_name(bad: TrainingSet, code: str, fact: str) -> None:
    with raises_code(code, DataError) as caught:
        move_targets(bad, "chess")
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)
