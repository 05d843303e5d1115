"""The benchmark: measures without bias, and remarks about little gold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.labels import labels, without
from w2s.evidence import Labels
from w2s.metrics import auc
from w2s.trust import cross_fit, trust_function
from w2s.trust.benchmark import compare_functions, little_gold, out_of_fold_measures


@pytest.mark.slow
def test_auc_of_labels_without_signal_is_one_half_on_average() -> None:
    pooled, within = [], []
    for seed in range(60):
        draw = np.random.default_rng(seed)
        correct = draw.permutation(np.arange(60) < 9)
        found = Labels(pa.table({"id": [str(row) for row in range(60)], "x": draw.normal(size=60)}))
        scores = cross_fit(trust_function("isotonic", column="x"), found, correct, seed=seed)
        measures = out_of_fold_measures(scores, found, correct, folds=5, draws=1, seed=seed)
        pooled.append(auc(scores, correct))
        within.append(measures["auc"].value)
    assert abs(np.mean(within) - 0.5) < 0.03
    assert np.mean(pooled) < 0.47  # each fold with many right rows has a fit that saw few


def test_probes_read_scalars_where_there_are_no_vectors() -> None:
    found = labels(80)
    own = without(found, *(set(found.table.column_names) - {"id", "label", "log_prob", "correct"}), "hidden")
    own = Labels(own.table)
    results = compare_functions(own, own.correct, functions=["logistic", "knn", "margin"], draws=5)
    assert [result.title for result in results] == [
        "logistic",
        "knn",
        "logistic(hidden)",
        "knn(hidden)",
        "margin",
    ]
    assert all(result.measures["auc"].value > 0.6 for result in results[:2])
    assert not any(result.measures for result in results[2:])


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
