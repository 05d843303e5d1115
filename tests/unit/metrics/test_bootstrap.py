"""Measures of trust over bootstrap samples: each is the plain measure of the rows drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.metrics import auc, brier, expected_calibration_error, purity_at, trust_measures
from w2s.metrics.bootstrap import _measured, _Rows


def sample(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = np.round(draw.random(n), 1)
    return scores, draw.random(n) < scores


def test_values_equal_the_plain_measures() -> None:
    scores, right = sample(200)
    found = trust_measures(scores, right, draws=50)
    assert list(found) == ["auc", "ece", "brier", "purity@10%", "purity@25%", "purity@50%"]
    assert found["auc"].value == auc(scores, right)
    assert found["purity@25%"].value == purity_at(scores, right, 0.25)
    assert all(interval.low <= interval.high for interval in found.values())


@pytest.mark.parametrize("parts", [1, 3])
def test_sample_measures_equal_those_of_repeated_rows(parts: int) -> None:
    scores, right = sample(60, 1)
    order = np.argsort(-scores, kind="stable")
    scores, right, strata = scores[order], right[order], np.arange(60) % parts
    times = np.random.default_rng(2).multinomial(60, np.full(60, 1 / 60), size=20)
    rows = _Rows(scores, right, np.arange(60), strata)
    found = _measured(rows, times.astype(np.float64), [0.1, 0.5])
    for row, count in zip(found, times, strict=True):
        drawn, answers = np.repeat(scores, count), np.repeat(right, count)
        expected = [
            auc(drawn, answers, np.repeat(strata, count).tolist()),
            expected_calibration_error(drawn, answers),
            brier(drawn, answers),
            purity_at(drawn, answers, 0.1),
            purity_at(drawn, answers, 0.5),
        ]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_intervals_narrow_with_the_rows_and_widen_with_groups() -> None:
    def width(n: int, copies: int) -> float:
        scores, right = sample(n, 3)
        groups = np.repeat(np.arange(n), copies).tolist()
        found = trust_measures(np.repeat(scores, copies), np.repeat(right, copies), groups=groups, draws=300)
        return found["auc"].high - found["auc"].low

    assert width(400, 1) < 0.7 * width(100, 1)
    assert width(100, 4) == pytest.approx(width(100, 1), abs=1e-12)


@pytest.mark.slow
def test_interval_covers_the_truth_at_its_confidence_level() -> None:
    draw, covered = np.random.default_rng(4), 0
    for seed in range(100):
        scores = draw.random(200)
        found = trust_measures(scores, draw.random(200) < scores, draws=200, seed=seed)["auc"]
        covered += found.low <= 5 / 6 <= found.high
    assert 88 <= covered <= 100


def test_same_seed_gives_the_same_interval() -> None:
    scores, right = sample(100)
    assert trust_measures(scores, right, draws=50, seed=3) == trust_measures(scores, right, draws=50, seed=3)
    assert trust_measures(scores, right, draws=50, seed=3) != trust_measures(scores, right, draws=50, seed=4)


def test_invalid_arguments_are_refused() -> None:
    with raises_code("metrics-one-class", DataError):
        trust_measures([0.5, 0.6], [True, True])
    with raises_code("metrics-bad-draws", UsageError):
        trust_measures([0.5, 0.6], [True, False], draws=0)
    with raises_code("metrics-length-mismatch", DataError):
        trust_measures([0.5, 0.6], [True, False], coverages=[1.0], groups=["a"])
