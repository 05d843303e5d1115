"""Selections are those of a plain sort."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from tests.parity.scores import best_first, scores
from w2s.errors import DataError, UsageError
from w2s.selection import Rule, select_by_rule, weights

COUNTS = st.integers(0, 70)


@given(scores(), COUNTS)
def test_top_k_is_the_start_of_a_stable_sort(values: np.ndarray, k: int) -> None:
    found = w2s.top_k(values, k)
    assert found.tolist() == best_first(values)[:k]
    assert found.dtype == np.int64


@given(scores(), COUNTS)
def test_top_is_ascending_with_cut_and_ties(values: np.ndarray, k: int) -> None:
    found = select_by_rule(Rule.parse(top=k), values)
    kept = best_first(values)[:k]
    assert found.rows.tolist() == sorted(kept)
    assert found.cut == (float(values[kept[-1]]) if kept else None)
    left_out = [row for row in best_first(values)[k:] if kept and values[row] == values[kept[-1]]]
    assert found.ties_left_out == len(left_out)


@given(scores(), st.integers(0, 1000))
def test_share_is_rounded_half_up(values: np.ndarray, per_mille: int) -> None:
    k = math.floor(len(values) * (per_mille / 10 / 100) + 0.5)
    assert w2s.select(values, top=f"{per_mille / 10}%").tolist() == sorted(best_first(values)[:k])


@given(scores(), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_threshold_and_band_compare_in_double_precision(values: np.ndarray, a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    doubles = values.astype(np.float64)
    assert w2s.select(values, threshold=low).tolist() == np.flatnonzero(doubles >= low).tolist()
    between = np.flatnonzero((doubles >= low) & (doubles <= high))
    assert w2s.select(values, between=(low, high)).tolist() == between.tolist()


def grouped() -> st.SearchStrategy[tuple[np.ndarray, list[str]]]:
    def with_groups(values: np.ndarray) -> st.SearchStrategy[tuple[np.ndarray, list[str]]]:
        ids = st.lists(st.sampled_from("abcd"), min_size=len(values), max_size=len(values))
        return st.tuples(st.just(values), ids)

    return scores().flatmap(with_groups)


def best_of_groups(values: np.ndarray, groups: list[str], quota: Any) -> list[int]:
    kept = []
    for group in sorted(set(groups)):
        rows = [row for row in best_first(values) if groups[row] == group]
        kept += rows[: quota(rows)]
    return sorted(kept)


@pytest.mark.slow
@given(grouped(), COUNTS, st.none() | COUNTS, st.none() | COUNTS)
def test_each_group_keeps_its_best_rows(
    column: tuple[np.ndarray, list[str]], k: int, least: int | None, most: int | None
) -> None:
    values, groups = column
    if least is not None and most is not None:
        least, most = min(least, most), max(least, most)
    bounds: dict[str, Any] = {"min_per_group": least, "max_per_group": most}

    def clamp(count: int) -> int:
        return min(max(count, least or 0), len(values) if most is None else most)

    by_count = w2s.select(values, top=k, by=groups, **bounds)
    assert by_count.tolist() == best_of_groups(values, groups, lambda _: clamp(k))
    by_share = w2s.select(values, top="30%", by=groups, **bounds)
    share = best_of_groups(values, groups, lambda rows: clamp(math.floor(len(rows) * 0.3 + 0.5)))
    assert by_share.tolist() == share
    by_limit = w2s.select(values, threshold=0.25, by=groups, **bounds)
    limit = best_of_groups(values, groups, lambda rows: clamp(sum(values[row] >= 0.25 for row in rows)))
    assert by_limit.tolist() == limit


@pytest.mark.slow
@given(grouped(), COUNTS)
def test_strata_keep_the_proportions_of_the_pool(column: tuple[np.ndarray, list[str]], k: int) -> None:
    values, strata = column
    k = min(k, len(values))
    found = select_by_rule(Rule.parse(top=k, stratify="s"), values, groups=strata)
    assert len(found.rows) == k
    for group in found.groups:
        assert abs(group.kept - k * group.rows / len(values)) < 1
    kept = {group.key: group.kept for group in found.groups}
    assert found.rows.tolist() == best_of_groups(values, strata, lambda rows: kept[strata[rows[0]]])


@given(scores(), st.data())
def test_budget_takes_best_rows_until_one_exceeds_it(values: np.ndarray, data: st.DataObject) -> None:
    costs = data.draw(st.lists(st.integers(0, 9), min_size=len(values), max_size=len(values)))
    budget = data.draw(st.integers(0, 9 * 60))
    bought, spent = [], 0
    for row in best_first(values):
        if spent + costs[row] > budget:
            break
        bought.append(row)
        spent += costs[row]
    found = select_by_rule(Rule.parse(budget=budget, cost="cost"), values, cost=costs)
    assert found.rows.tolist() == sorted(bought)
    assert found.spent == spent


@given(st.integers(0, 200), st.integers(0, 220), st.integers(0, 2**64 - 1))
def test_random_rows_are_distinct_and_depend_on_the_seed(n: int, k: int, seed: int) -> None:
    found = w2s.select(np.zeros(n), random=k, seed=seed)
    assert len(found) == min(k, n)
    assert np.array_equal(found, np.unique(found))
    assert np.array_equal(found, w2s.select(np.ones(n), random=k, seed=seed))


def test_random_rows_are_uniform() -> None:
    drawn = np.concatenate([w2s.select(np.zeros(20), random=5, seed=seed) for seed in range(4000)])
    counts = np.bincount(drawn, minlength=20)
    assert abs(counts - 1000).max() < 5 * math.sqrt(1000 * 0.75)


@pytest.mark.slow
@given(scores(), COUNTS, st.randoms(use_true_random=False))
def test_permuting_rows_permutes_the_scores_selected(values: np.ndarray, k: int, random: Any) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    plain = np.sort(values[w2s.select(values, top=k)])
    assert np.array_equal(np.sort(values[order][w2s.select(values[order], top=k)]), plain)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=1), st.sampled_from([0.0, 0.5, 1.0, 4.0]))
def test_weights_are_powers_of_scores_with_mean_one(values: list[float], power: float) -> None:
    expected = np.append(values, 0.5) ** power
    found = weights([*values, 0.5], power)
    np.testing.assert_allclose(found, expected / expected.mean(), rtol=1e-12, atol=1e-60)


def test_groups_count_only_rows_without_nulls() -> None:
    rule = Rule.parse(top=1, by="g")
    found = select_by_rule(rule, [0.5, None, 0.75, 0.25], groups=["a", "a", "b", "b"], nulls="drop")
    assert found.rows.tolist() == [0, 2]
    assert found.dropped == 1
    assert [tuple(group) for group in found.groups] == [("a", 1, 1), ("b", 2, 1)]


def test_groups_that_a_rule_does_not_use_are_counted() -> None:
    found = select_by_rule(Rule.parse(threshold=0.5, by="g"), [0.5, 0.4, 0.75], groups=["x", "y", "x"])
    assert [tuple(group) for group in found.groups] == [("x", 2, 2), ("y", 1, 0)]


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"by": ["a"], "top": 1}, "select-length-mismatch", "groups has 1 values for 2 scores"),
        ({"budget": 1, "cost": [1.0]}, "select-length-mismatch", "cost has 1 values for 2 scores"),
    ],
)
def test_columns_of_another_length_are_refused(options: dict[str, Any], code: str, named: str) -> None:
    with raises_code(code, DataError) as caught:
        w2s.select([0.5, 0.75], **options)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 1, "cost": [1.0, -2.0]}, "the cost of row 1 is -2; .*"),
        ({"budget": 1, "cost": [1.0, None]}, "cost: row 1 is null; .*"),
    ],
)
def test_invalid_values_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^{message}$"):
        w2s.select([0.5, 0.75], **options)


def test_invalid_cost_is_named_by_its_row_in_the_full_column() -> None:
    with raises_code("select-bad-cost", DataError) as caught:
        w2s.select([0.5, None, 0.75], budget=1, cost=[1.0, 1.0, -1.0], nulls="drop")
    assert "row 2 is -1.0" in str(caught.value)


@pytest.mark.parametrize("k", [-1, 1.5, "3", True])
def test_k_that_is_not_a_count_is_refused(k: Any) -> None:
    with raises_code("select-bad-count", UsageError):
        w2s.top_k([0.5], k)


def test_huge_counts_keep_everything() -> None:
    assert w2s.select([0.5, 0.25], top=2**70).tolist() == [0, 1]
    assert w2s.top_k([0.5, 0.75], 2**70).tolist() == [1, 0]
