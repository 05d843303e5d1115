"""Kernels over whole columns: counts are clipped to the column, and errors of the core keep their codes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s import kernels
from w2s.errors import DataError, UsageError

SCORES = np.array([0.5, 0.25, 1.0, 0.75], np.float32)


def test_count_beyond_the_column_keeps_every_row() -> None:
    assert kernels.top_k(SCORES, 2**70).tolist() == [2, 3, 0, 1]
    assert kernels.top(SCORES, 9).rows.tolist() == [0, 1, 2, 3]
    assert kernels.random_k(3, 9, seed=0).tolist() == [0, 1, 2]
    assert kernels.apportion([1, 2], 9) == [1, 2]


def test_top_reports_the_cut_and_the_ties_beyond_it() -> None:
    found = kernels.top(np.array([0.5, 1.0, 0.5, 0.5]), 2)
    assert (found.rows.tolist(), found.cut, found.ties_left_out) == ([0, 1], 0.5, 2)


def test_groups_keep_counts_shares_or_scores() -> None:
    codes = np.array([0, 0, 1, 1], np.uint32)
    assert kernels.top_by_group(SCORES, codes, 2, counts=[1]).rows.tolist() == [0, 2]
    assert kernels.top_by_group(SCORES, codes, 2, shares=[1.0, 0.0]).rows.tolist() == [0, 1]
    found = kernels.top_by_group(SCORES, codes, 3, limits=[0.75], least=1)
    assert (found.rows.tolist(), found.sizes.tolist(), found.kept.tolist()) == (
        [0, 2, 3],
        [2, 2, 0],
        [1, 2, 0],
    )


def test_exactly_one_rule_of_groups_is_given() -> None:
    with raises_code("select-not-one-rule", UsageError):
        kernels.top_by_group(SCORES, np.zeros(4, np.uint32), 1)


def test_invalid_values_have_the_code_of_the_core() -> None:
    with raises_code("select-unknown-group", DataError) as caught:
        kernels.top_by_group(SCORES, np.array([0, 0, 7, 0], np.uint32), 1, counts=[1])
    assert "row 2 has group 7" in str(caught.value)
    with raises_code("select-limits-reversed", UsageError):
        kernels.between(SCORES, 1.0, 0.0)
    with raises_code("select-bad-weight", DataError) as caught:
        kernels.weights(np.array([1.0, -1.0]), 1.0, mean_one=True)
    assert "score 1 is -1" in str(caught.value)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_share_outside_0_to_1_is_refused(share: float) -> None:
    with raises_code("select-share-out-of-range", UsageError):
        kernels.rows_of_share(10, share)


def test_columns_of_mixed_precision_are_refused() -> None:
    with raises_code("aggregate-mixed-precision", DataError):
        kernels.aggregate(
            [SCORES, SCORES.astype(np.float64)],
            "mean",
            weights=None,
            trim=0.1,
            clip=0.01,
            limit=0.5,
            skip_missing=False,
        )


def test_grid_without_a_sufficient_threshold_gives_the_best_point() -> None:
    scores, correct = np.linspace(0, 1, 100), np.arange(100) % 2 == 0
    reached, best = kernels.certify(
        scores, correct, purity=0.95, delta=0.05, bound="hoeffding", grid=[0.0, 0.5]
    )
    assert not reached
    assert best is not None
    assert best.bound < 0.95
    assert best.kept >= best.correct
