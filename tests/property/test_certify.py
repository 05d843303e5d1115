"""Certified thresholds: what is guaranteed, by which bound, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import w2s
from tests.doubles.errors import raises_code
from w2s.certification import PURITY_BOUNDS
from w2s.errors import DataError, UsageError, W2sError

PURITY, DELTA, RUNS = 0.8, 0.1, 2000


def purity_above(threshold: float, slope: float) -> float:
    """True purity of the rows at or above a threshold, where a row is right with :func:`chance`."""
    return float(chance(np.array((1 + threshold) / 2), slope))


def chance(scores: np.ndarray, slope: float) -> np.ndarray:
    """Of a row to be right: just below the target on average, and more likely the higher the score."""
    return PURITY - 1e-3 + slope * (scores - 0.6)


def calibration(random: np.random.Generator, rows: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    scores = random.random(rows)
    return scores, random.random(rows) < chance(scores, slope)


# Level: no threshold is good enough, so every certificate is a miss. Rising: those from 0.2 on are.
@pytest.fixture(scope="module", params=[0.0, 0.5], ids=["level", "rising"])
def simulated(request: pytest.FixtureRequest) -> tuple[float, dict[str, list[float]]]:
    """The threshold of each run by each bound; above every score where none is reached."""
    random = np.random.default_rng(20)
    found: dict[str, list[float]] = {method: [] for method in PURITY_BOUNDS}
    for _ in range(RUNS):
        scores, correct = calibration(random, 600, request.param)
        for method in PURITY_BOUNDS:
            certificate = w2s.certify(scores, correct, purity=PURITY, delta=DELTA, method=method, grid=20)
            found[method].append(1.0 if certificate.threshold is None else certificate.threshold)
    return request.param, found


@pytest.mark.slow
@pytest.mark.parametrize("method", PURITY_BOUNDS)
def test_true_purity_is_missed_at_most_with_probability_delta(
    simulated: tuple[float, dict[str, list[float]]], method: str
) -> None:
    slope, thresholds = simulated
    reached = [threshold for threshold in thresholds[method] if threshold < 1]
    missed = sum(purity_above(threshold, slope) < PURITY for threshold in reached)
    assert missed / RUNS <= DELTA
    assert slope == 0 or len(reached) > RUNS / 100


@pytest.mark.slow
@pytest.mark.parametrize("method", [method for method in PURITY_BOUNDS if method != "hoeffding"])
def test_hoeffding_keeps_no_more_than_the_others(
    simulated: tuple[float, dict[str, list[float]]], method: str
) -> None:
    slope, thresholds = simulated
    others, hoeffding = np.array(thresholds[method]), np.array(thresholds["hoeffding"])
    assert (1 - others).mean() >= (1 - hoeffding).mean()
    assert slope == 0 or (1 - others).mean() > (1 - hoeffding).mean()
    if method == "clopper-pearson":  # the exact bound is the tighter in every single run
        assert (others <= hoeffding).all()


def test_bounds_equal_their_formulas() -> None:
    scores, correct = calibration(np.random.default_rng(3), 2000, 0.4)
    alpha = DELTA / 20
    for method in ("hoeffding", "clopper-pearson"):
        found = w2s.certify(scores, correct, purity=0.7, delta=DELTA, method=method, grid=20).reached
        assert found is not None
        kept = scores >= found.threshold
        n, right = int(kept.sum()), int(correct[kept].sum())
        assert (found.kept, found.correct, found.coverage) == (n, right, n / 2000)
        hoeffding = right / n - math.sqrt(math.log(1 / alpha) / (2 * n))
        clopper_pearson = stats.beta.ppf(alpha, right, n - right + 1)
        expected = hoeffding if method == "hoeffding" else clopper_pearson
        assert found.bound == pytest.approx(expected, abs=1e-9)


def test_largest_coverage_is_chosen() -> None:
    scores = np.arange(1000) / 1000
    correct = scores >= 0.5
    found = w2s.certify(scores, correct, purity=0.98, delta=0.05, grid=10)
    assert found.threshold == 0.5
    assert str(found) == (
        "purity 0.98 with probability 0.95 by clopper-pearson: "
        f"threshold 0.5 keeps 50.0%, purity at least {0.005 ** (1 / 500):.4f}"
    )


def test_nearest_threshold_is_named_if_none_is_certified() -> None:
    found = w2s.certify([0.1, 0.9, 0.8, 0.7], [0, 1, 1, 1], purity=0.95, delta=0.05)
    assert (found.threshold, found.reached) == (None, None)
    assert found.nearest is not None
    assert found.nearest.correct == 3
    assert "out of reach; the nearest threshold, 0.11, has at least" in str(found)


def test_thresholds_can_be_given_and_rows_with_nulls_dropped() -> None:
    scores = pa.array([5.0] * 100 + [1.0, None, 2.0])
    correct = pa.array([True] * 100 + [False, True, None])
    found = w2s.certify(scores, correct, purity=0.9, grid=[0.0, 3.0], nulls="drop")
    assert (found.rows, found.threshold) == (101, 0.0)


@pytest.mark.parametrize(
    ("options", "error", "code", "named"),
    [
        ({"method": "normal"}, UsageError, "certify-unknown-method", "known: clopper-pearson, "),
        ({"purity": 1.0}, UsageError, "certify-out-of-range", "purity"),
        ({"delta": 0.0}, UsageError, "certify-out-of-range", "delta"),
        ({"correct": [True, True]}, DataError, "certify-one-class", "every row is right"),
        ({"correct": [0, 0]}, DataError, "certify-one-class", "every row is wrong"),
        ({"correct": [0, 2]}, DataError, "table-not-boolean", "correct: row 1 is 2.0"),
        ({"correct": [True, None]}, DataError, "table-null-value", "correct: row 1"),
        ({"scores": [np.nan, 0.5]}, DataError, "certify-nan-score", "score 0"),
        ({"folds": [0, 1], "fitted": [1]}, DataError, "certify-fitted-row", "row 1 is"),
        ({"grid": []}, UsageError, "certify-bad-grid", ""),
        ({"grid": 0}, UsageError, "certify-bad-grid", "is 0"),
        ({"scores": [0.5, 1.5]}, UsageError, "certify-score-not-probability", "score 1 is 1.5"),
        ({"correct": [True]}, DataError, "certify-length-mismatch", "correct has 1 values for 2 scores"),
        ({"folds": [0, 1]}, UsageError, "certify-folds-without-fitted", ""),
        ({"folds": [0, 0.5], "fitted": [1]}, DataError, "certify-bad-fold", "folds: row 1 is 0.5"),
    ],
)
def test_bad_arguments_have_a_code(
    options: dict[str, Any], error: type[W2sError], code: str, named: str
) -> None:
    arguments: dict[str, Any] = {"scores": [0.9, 0.1], "correct": [True, False]} | options
    with raises_code(code, error) as caught:
        w2s.certify(arguments.pop("scores"), arguments.pop("correct"), **arguments)
    assert named in str(caught.value)
