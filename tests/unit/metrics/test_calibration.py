"""Calibration: values worked out by hand, and what must hold for any rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError, W2sError
from w2s.metrics import brier, calibration_curve, expected_calibration_error

# Two bins of width: (0.1, 0.3) with no row right, (0.7, 0.9, 0.9, 1.0) with three.
SCORES = [0.1, 0.7, 0.9, 0.9, 0.3, 1.0]
CORRECT = [0, 1, 1, 0, 0, 1]
ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_bins_of_equal_width() -> None:
    low, high = calibration_curve(SCORES, CORRECT, bins=2)
    assert low == pytest.approx((2, 0.2, 0.0))
    assert high == pytest.approx((4, 0.875, 0.75))
    assert expected_calibration_error(SCORES, CORRECT, bins=2) == pytest.approx((2 * 0.2 + 4 * 0.125) / 6)


def test_edge_belongs_to_the_bin_above_and_1_to_the_last() -> None:
    assert [bin_.rows for bin_ in calibration_curve([0.0, 0.5, 1.0], [0, 1, 1], bins=2)] == [1, 2]


def test_bins_of_equal_mass_keep_ties_together() -> None:
    thirds = calibration_curve(SCORES, CORRECT, bins=3, by="mass")
    assert [tuple(bin_) for bin_ in thirds] == [
        pytest.approx((2, 0.2, 0.0)),
        pytest.approx((3, 2.5 / 3, 2 / 3)),
        pytest.approx((1, 1.0, 1.0)),
    ]
    expected = (2 * 0.2 + 3 * abs(2.5 / 3 - 2 / 3) + 0) / 6
    assert expected_calibration_error(SCORES, CORRECT, bins=3, by="mass") == pytest.approx(expected)


def test_brier_score_is_the_mean_squared_distance() -> None:
    assert brier(SCORES, CORRECT) == pytest.approx((0.01 + 0.09 + 0.01 + 0.81 + 0.09 + 0) / 6)


@given(ROWS, st.integers(1, 20), st.sampled_from(["width", "mass"]), st.randoms(use_true_random=False))
def test_row_order_does_not_matter_and_errors_lie_within_0_and_1(
    rows: list[tuple[float, bool]], bins: int, by: Any, random: Any
) -> None:
    before = calibration_curve(*zip(*rows, strict=True), bins=bins, by=by)
    assert 0 <= expected_calibration_error(*zip(*rows, strict=True), bins=bins, by=by) <= 1
    assert sum(bin_.rows for bin_ in before) == len(rows)
    random.shuffle(rows)
    after = calibration_curve(*zip(*rows, strict=True), bins=bins, by=by)
    assert [tuple(bin_) for bin_ in after] == [pytest.approx(tuple(bin_)) for bin_ in before]


@given(st.integers(1, 40), st.integers(1, 15))
def test_distinct_scores_fill_bins_of_mass_evenly(n: int, bins: int) -> None:
    curve = calibration_curve(np.arange(n) / n, np.zeros(n, bool), bins=bins, by="mass")
    assert {bin_.rows for bin_ in curve} <= {n // bins, -(-n // bins)}


def test_calibrated_scores_have_a_small_error_and_overconfident_scores_a_large_one() -> None:
    random = np.random.default_rng(1)
    scores = random.random(100_000)
    correct = random.random(100_000) < scores
    assert expected_calibration_error(scores, correct) < 0.01
    assert expected_calibration_error(scores**0.25, correct) > 0.2


@pytest.mark.parametrize(
    ("scores", "correct", "options", "error", "code", "named"),
    [
        ([0.5, 1.5], [0, 1], {}, DataError, "metrics-not-a-probability", "score 1 is 1.5"),
        ([0.5], [0, 1], {}, DataError, "metrics-length-mismatch", "correct has 2 values for 1 scores"),
        ([], [], {}, DataError, "metrics-no-rows", ""),
        ([0.5, np.nan], [0, 1], {}, DataError, "metrics-nan-score", "score 1"),
        ([0.5], [0], {"bins": 0}, UsageError, "metrics-bad-bins", "bins is 0"),
        ([0.5], [0], {"by": "count"}, UsageError, "metrics-unknown-binning", '"width" or "mass"'),
    ],
)
def test_invalid_arguments_are_refused(
    scores: Any, correct: Any, options: dict[str, Any], error: type[W2sError], code: str, named: str
) -> None:
    with raises_code(code, error) as caught:
        expected_calibration_error(scores, correct, **options)
    assert named in str(caught.value)


def test_null_score_is_named_by_its_row() -> None:
    with pytest.raises(DataError, match="scores: row 1 is null"):
        expected_calibration_error([0.5, None], [0, 1])
