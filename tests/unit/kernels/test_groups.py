"""Columns of ids become dense codes in the order of the ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.kernels import group_column


@pytest.mark.parametrize(
    "ids",
    [
        ["b", "a", "b", "c"],
        [20, -10, 20, 30],
        [True, False, True, True],
        [b"b", b"a", b"b", b"c"],
    ],
)
@pytest.mark.parametrize("kind", [list, np.array, pa.array, lambda ids: pa.chunked_array([ids[:1], ids[1:]])])
def test_ids_of_any_type_become_codes_in_their_order(ids: list[Any], kind: Any) -> None:
    codes, keys = group_column(kind(ids), "ids", compact=True)
    assert list(keys) == sorted(set(ids))
    assert [list(keys)[code] for code in codes.tolist()] == ids
    assert codes.dtype == np.uint32


def test_null_id_is_a_group_of_its_own_and_the_last() -> None:
    codes, keys = group_column(pa.array(["b", None, "a"]), "ids")
    assert (codes.tolist(), keys) == ([1, 2, 0], ["a", "b", None])
    codes, keys = group_column(pa.array([7, None, 5]), "ids")
    assert (codes.tolist(), keys) == ([1, 2, 0], [5, 7, None])


def test_large_sparse_and_negative_ids_keep_their_order() -> None:
    ids = np.array([2**62, -5, 0, -(2**63), 2**62])
    codes, keys = group_column(ids, "ids")
    assert keys.tolist() == [-(2**63), -5, 0, 2**62]  # type: ignore[union-attr]
    assert codes.tolist() == [3, 1, 2, 0, 3]


def test_ids_that_are_lists_are_refused() -> None:
    with raises_code("table-incomparable-ids", DataError) as caught:
        w2s.select([0.5], top=1, by=pa.array([[1]]))
    assert "groups: values of type list<" in str(caught.value)


def test_ids_in_rows_and_columns_are_refused() -> None:
    with raises_code("table-not-one-column", DataError):
        group_column(np.zeros((2, 2), int), "ids")
