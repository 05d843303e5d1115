"""The benchmark: measures without bias, and remarks about little gold."""

from __future__ import annotations

import numpy as np

from tests.doubles.labels import labels
from w2s.trust.benchmark import compare_functions, little_gold


def test_auc_of_labels_without_signal_is_one_half_on_average() -> None:
    areas = []
    for seed in range(12):
        found = labels(60, seed=seed, signal=0)
        (result,) = compare_functions(
            found, found.correct, functions=["logistic"], features=["hidden"], draws=1, seed=seed
        )
        areas.append(result.measures["auc"].value)
    assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas) / np.sqrt(len(areas))
    assert np.mean(areas) > 0.44  # pooled over the folds, it is about 0.4


def test_gold_with_one_row_in_each_fold_is_measured() -> None:
    found = labels(40).take(np.array([0, 1, 2, 3, 4, 5]))
    found = found.with_column("correct", np.array([True, False] * 3))
    (result,) = compare_functions(found, found.correct, functions=["confidence"], folds=6, draws=5)
    assert 0 <= result.measures["auc"].value <= 1


def test_little_gold_is_remarked_for_neural_only() -> None:
    assert little_gold(["logistic", "neural", "neural"], 59) == [
        "59 gold rows are few for neural, which needs about 300; logistic needs fewer"
    ]
    assert little_gold(["neural"], 300) == []
