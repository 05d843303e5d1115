"""Aggregations are those of plain numpy and scipy, missing scores included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special, stats

import w2s
from tests.doubles.errors import raises_code
from w2s.aggregation import AGGREGATIONS, aggregate_counting
from w2s.errors import DataError, UsageError, W2sError

WEIGHTS = [2.0, 0.5, 1.0, 0.0, 3.0, 1.0, 1.0]
TRIM, CLIP, LIMIT = 0.2, 1e-3, 0.5


def log_odds(row: np.ndarray, weights: np.ndarray) -> float:
    return float(special.expit(np.average(special.logit(np.clip(row, CLIP, 1 - CLIP)), weights=weights)))


def majority(row: np.ndarray) -> float:
    return float(0.5 + 0.5 * np.sign(2 * (row >= LIMIT).sum() - len(row)))


ORACLES: dict[str, Any] = {
    "mean": lambda row, _: row.mean(),
    "weighted-mean": lambda row, weights: np.average(row, weights=weights),
    "median": lambda row, _: np.median(row),
    "trimmed-mean": lambda row, _: stats.trim_mean(row, TRIM),
    "min": lambda row, _: row.min(),
    "max": lambda row, _: row.max(),
    "product": lambda row, _: row.prod(),
    "log-odds": log_odds,
    "majority": lambda row, _: majority(row),
    "vote": lambda row, weights: np.average(row >= LIMIT, weights=weights),
}
WEIGHTED = {"weighted-mean", "log-odds", "vote"}
RANKED = {"mean-rank", "borda"}


def tables(*, missing: bool) -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(0, 12), st.integers(1, 7))
    numbers = st.sampled_from([0.0, 0.25, 0.5, 0.5, 1.0]) | st.floats(0, 1, width=32)
    if missing:
        numbers |= st.just(np.nan)
    dtypes = st.sampled_from([np.float32, np.float64])
    return dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes, elements=numbers, fill=st.nothing()))


def oracle(method: str, row: np.ndarray, weights: np.ndarray) -> float:
    there = ~np.isnan(row)
    if not there.any() or not weights[there].any():
        return np.nan
    return float(ORACLES[method](row[there].astype(np.float64), weights[there]))


def test_every_method_has_an_oracle() -> None:
    assert set(AGGREGATIONS) == set(ORACLES) | RANKED


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(ORACLES))
@given(data=st.data())
def test_aggregates_equal_a_plain_loop(method: str, data: st.DataObject) -> None:
    missing = data.draw(st.booleans())
    table = data.draw(tables(missing=missing))
    weights = np.array(WEIGHTS[: table.shape[1]]) if method in WEIGHTED else np.ones(table.shape[1])
    options: dict[str, Any] = {"weights": weights} if method in WEIGHTED else {}
    found = w2s.aggregate(table, method, trim=TRIM, clip=CLIP, limit=LIMIT, missing="skip", **options)
    expected = [oracle(method, row, weights) for row in table]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert found.dtype == np.float64


@given(tables(missing=False).filter(lambda table: len(table) > 0))
def test_ranks_equal_those_of_scipy(table: np.ndarray) -> None:
    ranks = stats.rankdata(table, axis=0)
    np.testing.assert_allclose(w2s.aggregate(table, "mean-rank"), ranks.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(w2s.aggregate(table, "borda"), (ranks - 1).sum(axis=1), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("method", AGGREGATIONS)
@given(table=tables(missing=False))
def test_every_layout_gives_the_same_bytes(method: str, table: np.ndarray) -> None:
    options: dict[str, Any] = {"weights": WEIGHTS[: table.shape[1]]} if method == "weighted-mean" else {}
    rows = w2s.aggregate(table, method, **options).tobytes()
    assert w2s.aggregate(np.asfortranarray(table), method, **options).tobytes() == rows
    assert w2s.aggregate(list(table.T), method, **options).tobytes() == rows
    named = {f"c{i}": column for i, column in enumerate(table.T)}
    assert w2s.aggregate(named, method, **options).tobytes() == rows
    assert w2s.aggregate(pa.table(named), method, **options).tobytes() == rows


def test_list_of_lists_is_rows_and_one_array_is_one_column() -> None:
    assert w2s.aggregate([[0.0, 1.0], [0.5, 0.5], [1.0, 1.0]], "mean").tolist() == [0.5, 0.5, 1.0]
    assert w2s.aggregate([0.25, 0.75], "mean").tolist() == [0.25, 0.75]
    assert w2s.aggregate(pa.array([0.25, 0.75]), "mean").tolist() == [0.25, 0.75]


def test_missing_scores_are_counted() -> None:
    columns = {"a": pa.array([0.5, None, None]), "b": np.array([0.25, 0.75, np.nan], np.float32)}
    found = aggregate_counting(columns, "max", missing="skip")
    assert (found.missing, found.empty_rows) == (3, 1)
    np.testing.assert_array_equal(found.values, [0.5, 0.75, np.nan])


@pytest.mark.parametrize(
    ("scores", "options", "error", "code", "named"),
    [
        ([[0.5, np.nan]], {}, DataError, "aggregate-nan-score", "row 0, column 1"),
        ({"a": pa.array([0.5, None])}, {}, DataError, "table-null-value", "a: row 1"),
        ([[0.5, 1.5]], {}, DataError, "aggregate-not-probability", "row 0, column 1 is 1.5"),
        ({"a": np.ones(2), "b": np.ones(3)}, {}, DataError, "aggregate-length-mismatch", "column 1 has 3"),
        ([[0.5]], {"weights": [1.0, 1.0]}, UsageError, "aggregate-setting-length", "weights has 2 values"),
        ([[0.5]], {"weights": [-1.0]}, UsageError, "aggregate-bad-weight", "column 0 is -1"),
        ([[0.5]], {"weights": [0.0]}, UsageError, "aggregate-no-weight", ""),
        ([[0.5]], {"method": "trimmed-mean", "trim": 0.5}, UsageError, "aggregate-bad-trim", "[0, 0.5)"),
        ([[0.5]], {"clip": 0.0}, UsageError, "aggregate-bad-clip", "(0, 0.5)"),
        ({}, {}, DataError, "aggregate-no-columns", ""),
        (np.zeros((1, 1, 1)), {}, DataError, "aggregate-bad-shape", "(1, 1, 1)"),
        ([[0.5]], {"method": "average"}, UsageError, "aggregate-unknown-method", "known: mean, "),
        ([[0.5]], {"missing": "drop"}, UsageError, "aggregate-bad-missing", '"error" or "skip"'),
        ([[0.5]], {"method": "log_odds"}, UsageError, "aggregate-unknown-method", "did you mean log-odds?"),
        ([[0.5]], {"method": "weighted-mean"}, UsageError, "aggregate-missing-weights", "weighted-mean"),
        ([[0.5]], {"method": "mean", "weights": [1.0]}, UsageError, "aggregate-unused-weights", "mean"),
    ],
)
def test_bad_arguments_have_a_code(
    scores: Any, options: Any, error: type[W2sError], code: str, named: str
) -> None:
    with raises_code(code, error) as caught:
        w2s.aggregate(scores, **options)
    assert named in str(caught.value)
