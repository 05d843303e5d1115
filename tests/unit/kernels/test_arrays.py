"""Columns of any library are read without loss, and what cannot be read is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from w2s.errors import DataError, UsageError
from w2s.kernels import group_column, score_column

SCORES = [0.5, 0.25, 1.0, 0.75]
BEST_TWO = [2, 3]


class OnlyArray:
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(SCORES, dtype)


class OnlyDlpack:
    """As a torch tensor on the CPU."""

    def __init__(self) -> None:
        self.array = np.array(SCORES, np.float32)

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class OnlyArrowArray:
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return pa.array(SCORES).__arrow_c_array__(requested_schema)


class OnlyArrowStream:
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return pa.chunked_array([SCORES[:1], [], SCORES[1:]], pa.float64()).__arrow_c_stream__(
            requested_schema
        )


@pytest.mark.parametrize(
    "column",
    [
        SCORES,
        tuple(SCORES),
        np.array(SCORES),
        np.array(SCORES, np.float32),
        np.array(SCORES, np.float16),
        np.array(SCORES, ">f8"),
        np.repeat(np.array(SCORES), 2)[::2],
        OnlyArray(),
        OnlyDlpack(),
        OnlyArrowArray(),
        OnlyArrowStream(),
        pa.array(SCORES),
        pa.array(SCORES, pa.float32()),
        pa.array(SCORES).cast(pa.float16()),
        pa.array(SCORES).dictionary_encode(),
        pa.array(["0.50", "0.25", "1.00", "0.75"]).cast(pa.decimal128(5, 2)),
        pa.array([9.0, *SCORES])[1:],
        pa.chunked_array([SCORES[:2], SCORES[2:]]),
    ],
)
def test_every_kind_of_column_is_read(column: Any) -> None:
    assert w2s.select(column, top=2).tolist() == BEST_TWO


def test_a_polars_series_is_read_with_its_nulls() -> None:
    polars = pytest.importorskip("polars")
    series = polars.Series([0.5, None, 1.0])
    assert w2s.select(series, top=1, nulls="drop").tolist() == [2]
    with pytest.raises(DataError, match="row 1 is null"):
        w2s.select(series, top=1)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([1], np.int16), np.float32),
        (np.array([1], np.int32), np.float64),
        (np.array([1], np.uint64), np.float64),
        (np.array([True]), np.float32),
        (np.array([0.1], np.float32), np.float32),
        (np.array([0.1], np.float64), np.float64),
    ],
)
def test_the_narrower_precision_that_holds_each_number_is_taken(array: np.ndarray, dtype: type) -> None:
    assert score_column(array).values.dtype == dtype


def test_a_contiguous_array_is_not_copied() -> None:
    array = np.array(SCORES)
    assert np.shares_memory(score_column(array).values, array)
    arrow = pa.array(SCORES)
    assert np.shares_memory(score_column(arrow).values, arrow.to_numpy())


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0.5, None, 1.0]),
        pa.chunked_array([[0.5], [None, 1.0]]),
        pa.array([5, None, 10]),
        np.ma.array([0.5, 9.0, 1.0], mask=[False, True, False]),
        [0.5, None, 1.0],
    ],
)
def test_a_null_is_an_error_that_names_the_row_or_is_dropped(column: Any) -> None:
    with pytest.raises(
        DataError, match=r'^scores: row 1 is null; fill it, or leave such rows out with nulls="drop"$'
    ):
        w2s.select(column, top=3)
    assert w2s.select(column, top=3, nulls="drop").tolist() == [0, 2]
    assert w2s.top_k(column, 3, nulls="drop").tolist() == [2, 0]


def test_a_column_of_nulls_drops_to_nothing() -> None:
    assert w2s.select(pa.nulls(3), top=2, nulls="drop").tolist() == []


def test_nan_is_left_out_with_nulls() -> None:
    column = pa.array([None, 0.5, None, float("nan")])
    assert w2s.select(column, top=2, nulls="drop").tolist() == [1]
    assert w2s.top_k(column, 2, nulls="drop").tolist() == [1]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.array([0.5, np.nan]), "score 1 is NaN; drop such rows first"),
        (np.zeros((2, 3)), r"scores: shape \(2, 3\) is not one column; give n numbers"),
        (np.float64(0.5), r"scores: shape \(\) is not one column; give n numbers"),
        (np.array(["a"]), "scores: <U1 is not a type of numbers that w2s reads; cast it to float64"),
        (np.array([1j]), "scores: complex128 is not a type of numbers .*"),
        ([0.5, "high"], "scores: <U.* is not a type of numbers .*"),
        (np.array([0.5, "high"], object), "scores: row 1 is 'high', which is no number"),
        (pa.array(["a"]), "scores: string is not a type of numbers"),
        (pa.array([[0.5]]), "scores: list<.*> is not a type of numbers"),
        (np.array([1, 2**53 + 1]), r"scores: row 1 is 9007199254740993, beyond ±2\^53, .*"),
        (np.array([-(2**60)]), r"scores: row 0 is -1152921504606846976, beyond ±2\^53, .*"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused(column: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"^{message}$"):
        w2s.select(column, top=1)


def test_a_tensor_that_cannot_be_shared_is_refused_with_the_remedy() -> None:
    class NeedsGradient(OnlyDlpack):
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("Can't export tensors that require gradient\nuse detach()")

    with pytest.raises(DataError, match=r"require gradient\); .* x\.detach\(\)\.cpu\(\)\.float\(\)$"):
        w2s.select(NeedsGradient(), top=1)


def test_another_way_to_treat_nulls_is_refused() -> None:
    with pytest.raises(UsageError, match=r'^nulls is \'skip\'; it is "error" or "drop"$'):
        w2s.select([0.5], top=1, nulls="skip")  # type: ignore[arg-type]


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


def test_a_null_id_is_a_group_of_its_own_and_the_last() -> None:
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
    with pytest.raises(DataError, match=r"^groups: list<.*> cannot be compared; give one id a row$"):
        w2s.select([0.5], top=1, by=pa.array([[1]]))
