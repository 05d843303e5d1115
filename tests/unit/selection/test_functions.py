"""Selection from Python: what is accepted as scores and counts, and which rows are left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError

NAN = float("nan")


@pytest.mark.parametrize(
    "scores", [[0.5, None, NAN, 0.75], pa.array([0.5, None, NAN, 0.75]), np.array([0.5, NAN, NAN, 0.75])]
)
def test_drop_leaves_null_and_nan_out(scores: Any) -> None:
    assert w2s.select(scores, top=3, nulls="drop").tolist() == [0, 3]
    assert w2s.top_k(scores, 3, nulls="drop").tolist() == [3, 0]
    with pytest.raises(DataError):
        w2s.select(scores, top=3)
    with pytest.raises(DataError):
        w2s.top_k(scores, 3)


def test_drop_leaves_costs_that_are_nan_out() -> None:
    kept = w2s.select([0.1, 0.2, 0.3], budget=5, cost=[1.0, NAN, 2.0], nulls="drop")
    assert kept.tolist() == [0, 2]


def test_drop_leaves_nan_out_of_a_certificate() -> None:
    scores = np.arange(1000) / 1000
    correct = scores >= 0.5
    wanted = w2s.certify(scores, correct, purity=0.9)
    found = w2s.certify([*scores, NAN, NAN], [*correct, True, False], purity=0.9, nulls="drop")
    assert (found.threshold, found.rows) == (wanted.threshold, wanted.rows)


@pytest.mark.parametrize("top", ["1e2", "1E2", "100.0", "1_00", 1e2, 100])
def test_counts_may_be_written_with_an_exponent(top: Any) -> None:
    assert len(w2s.select(np.arange(1000.0), top=top)) == 100


@pytest.mark.parametrize(
    ("top", "share"),
    [("0.5", "50%"), (0.25, "25%"), ("1e-1", "10%"), ("1.5", "10%"), (NAN, "10%"), (-1.0, "10%")],
)
def test_shares_are_percentages(top: Any, share: str) -> None:
    with raises_code("select-bad-count") as caught:
        w2s.select([0.5], top=top)
    assert f'a share such as "{share}"' in str(caught.value)


@pytest.mark.parametrize(
    "make", [lambda table: table, lambda table: table.to_pandas(), lambda table: table.to_batches()[0]]
)
def test_a_table_is_no_column_of_scores(make: Any) -> None:
    table = pa.table({"trust": [0.5], "id": [1]})
    for select in (lambda given: w2s.select(given, top=1), lambda given: w2s.top_k(given, 1)):
        with raises_code("select-table-given", DataError) as caught:
            select(make(table))
        assert "columns trust, id; give one column, for example table['trust']" in str(caught.value)
