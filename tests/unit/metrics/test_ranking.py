"""Ranking: against counting all pairs and averaging all orders of ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.metrics import area_under_risk_coverage, auc, purity_at, risk_coverage

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5]) | st.floats(-5, 5), st.booleans()), min_size=1, max_size=40
)


@given(ROWS.filter(lambda rows: len({right for _, right in rows}) == 2))
def test_auc_counts_pairs(rows: list[tuple[float, bool]]) -> None:
    right, wrong = ([score for score, is_right in rows if is_right == wanted] for wanted in (True, False))
    pairs = [(a > b) + 0.5 * (a == b) for a in right for b in wrong]
    assert auc(*zip(*rows, strict=True)) == pytest.approx(sum(pairs) / len(pairs))
    u = stats.mannwhitneyu(right, wrong).statistic
    assert auc(*zip(*rows, strict=True)) == pytest.approx(u / len(pairs))


@pytest.mark.parametrize(("right", "word"), [(True, "right"), (False, "wrong")])
def test_auc_needs_right_and_wrong_rows(right: bool, word: str) -> None:
    with raises_code("metrics-one-class", DataError) as caught:
        auc([0.1, 0.2], [right, right])
    assert f"every row is {word}" in str(caught.value)


def test_risk_and_coverage_at_every_threshold() -> None:
    curve = risk_coverage([0.9, 0.8, 0.8, 0.1], [True, False, True, False])
    assert curve.threshold.tolist() == [0.9, 0.8, 0.1]
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    np.testing.assert_allclose(curve.risk, [0, 1 / 3, 0.5])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.booleans()), min_size=1, max_size=6))
def test_ties_count_as_if_in_random_order(rows: list[tuple[float, bool]]) -> None:
    orders = [
        order
        for order in itertools.permutations(rows)
        if all(left[0] >= right[0] for left, right in itertools.pairwise(order))
    ]
    risks = [
        [sum(not right for _, right in order[:k]) / k for k in range(1, len(rows) + 1)] for order in orders
    ]
    expected = np.mean(risks, axis=0)
    assert area_under_risk_coverage(*zip(*rows, strict=True)) == pytest.approx(expected.mean())
    for k in range(1, len(rows) + 1):
        found = purity_at(*zip(*rows, strict=True), k / len(rows))
        assert found == pytest.approx(1 - expected[k - 1])


@given(ROWS)
def test_increasing_transformation_does_not_change_the_area(rows: list[tuple[float, bool]]) -> None:
    scores, correct = map(np.array, zip(*rows, strict=True))
    _, places = np.unique(scores, return_inverse=True)
    assert area_under_risk_coverage(places, correct) == area_under_risk_coverage(scores, correct)


@pytest.mark.parametrize("coverage", [0.0, -0.1, 1.1, 0.1])
def test_coverage_without_rows_is_refused(coverage: float) -> None:
    with raises_code("metrics-empty-coverage", UsageError) as caught:
        purity_at([0.1, 0.2], [True, False], coverage)
    assert "none of 2 rows" in str(caught.value)


def test_auc_in_strata_counts_only_pairs_of_one_stratum() -> None:
    scores, right, strata = (
        [0.9, 0.8, 0.1, 0.2, 0.3],
        [False, True, True, False, True],
        ["a", "a", "b", "b", "c"],
    )
    assert auc(scores, right, strata) == 0
    assert auc(scores, right, [1] * 5) == auc(scores, right)
    with raises_code("metrics-one-class", DataError):
        auc(scores, right, list("abcde"))
    with raises_code("metrics-length-mismatch", DataError):
        auc(scores, right, ["a"])
