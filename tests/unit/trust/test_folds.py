"""Folds: by hash, groups whole, both kinds of gold in each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust import cross_fit, trust_function
from w2s.trust.folds import assign_folds


def test_folds_depend_on_ids_not_on_row_order() -> None:
    found = labels(101)
    order = np.random.default_rng(0).permutation(101)
    first = assign_folds(found, found.correct, 5, 0)
    assert np.array_equal(first[order], assign_folds(found.take(order), found.correct[order], 5, 0))
    assert not np.array_equal(first, assign_folds(found, found.correct, 5, 1))


def test_folds_have_equal_sizes_and_equal_accuracy() -> None:
    found = labels(100)
    place = assign_folds(found, found.correct, 4, 0)
    assert np.bincount(place).tolist() == [25] * 4
    right = np.bincount(place[found.correct])
    assert right.max() - right.min() <= 1


def grouped(rows: int, groups: int) -> Labels:
    names = [None if i % 10 == 0 else f"g{i % groups}" for i in range(rows)]
    return labels(rows).with_column("group", pa.array(names))


def test_group_stays_in_one_fold() -> None:
    found = grouped(300, 40)
    place = assign_folds(found, found.correct, 5, 3)
    names = found.table.column("group").to_pylist()
    for name in set(names) - {None}:
        assert len({int(fold) for fold, other in zip(place, names, strict=True) if other == name}) == 1
    assert len(set(place.tolist())) == 5


class Spy:
    """Remembers which rows it was fitted on; scores 1 for those, 0 for others."""

    name = "spy"
    needs = frozenset({"log_prob"})

    def __init__(self, seen: frozenset[str] = frozenset()) -> None:
        self.seen = seen

    def fit(self, labels: Labels, correct: Flags | None = None, seed: int = 0) -> Spy:
        return Spy(frozenset(labels.ids))

    def score(self, labels: Labels) -> Doubles:
        return np.array([float(id_ in self.seen) for id_ in labels.ids])


def test_no_row_is_scored_by_a_function_fitted_on_it() -> None:
    found = labels(60)
    assert cross_fit(Spy(), found, folds=4).tolist() == [0.0] * 60
    assert Spy().fit(found).score(found).tolist() == [1.0] * 60


def test_duplicates_of_a_group_do_not_leak() -> None:
    draw = np.random.default_rng(0)
    right = np.repeat(draw.random(60) < 0.5, 5)
    vectors = np.repeat(draw.normal(size=(60, 4)), 5, axis=0).astype(np.float32)
    table = pa.table(
        {
            "id": [f"{i}" for i in range(300)],
            "log_prob": [-1.0] * 300,
            "group": [f"{i // 5}" for i in range(300)],
        }
    )
    function = trust_function("knn", k=3)
    split = cross_fit(function, Labels(table.drop_columns("group"), {"hidden": vectors}), right)
    kept = cross_fit(function, Labels(table, {"hidden": vectors}), right)
    assert np.mean((split > 0.5) == right) > 0.95
    assert np.mean((kept > 0.5) == right) < 0.75


@pytest.mark.parametrize(("rows", "wrong", "folds"), [(4, 2, 5), (30, 1, 3)])
def test_gold_too_small_for_the_folds_is_refused(rows: int, wrong: int, folds: int) -> None:
    found = labels(rows)
    with raises_code("trust-gold-too-small", DataError) as caught:
        cross_fit(trust_function("confidence"), found, np.arange(rows) >= wrong, folds)
    assert f"{rows} gold rows ({rows - wrong} right, {wrong} wrong" in str(caught.value)
    assert f"{folds} folds" in str(caught.value)


def test_too_few_groups_for_the_folds_are_refused() -> None:
    found = labels(60).with_column("group", pa.array(["a", "b"] * 30))
    with raises_code("trust-gold-too-small", DataError) as caught:
        assign_folds(found, found.correct, 3, 0)
    assert "2 groups" in str(caught.value)


def test_one_class_and_one_fold_are_refused() -> None:
    found = labels(20)
    with raises_code("trust-gold-one-class", DataError) as caught:
        cross_fit(trust_function("confidence"), found, np.ones(20, bool))
    assert "all 20 gold rows are right" in str(caught.value)
    with raises_code("trust-folds-too-few", UsageError):
        cross_fit(trust_function("confidence"), found, folds=1)
