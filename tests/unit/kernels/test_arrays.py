"""Columns of any library are read without loss; invalid columns are refused with a code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.kernels import score_column

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
def test_column_of_any_library_is_read(column: Any) -> None:
    assert w2s.select(column, top=2).tolist() == BEST_TWO


def test_polars_series_is_read_with_its_nulls() -> None:
    polars = pytest.importorskip("polars")
    series = polars.Series([0.5, None, 1.0])
    assert w2s.select(series, top=1, nulls="drop").tolist() == [2]
    with raises_code("table-null-value", DataError) as caught:
        w2s.select(series, top=1)
    assert "row 1" in str(caught.value)


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
def test_precision_is_the_narrowest_that_holds_each_number(array: np.ndarray, dtype: type) -> None:
    assert score_column(array).values.dtype == dtype


def test_contiguous_array_is_not_copied() -> None:
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
def test_null_raises_an_error_that_names_its_row_or_is_dropped(column: Any) -> None:
    with raises_code("table-null-value", DataError) as caught:
        w2s.select(column, top=3)
    assert "scores: row 1 is null" in str(caught.value)
    assert 'nulls="drop"' in str(caught.value)
    assert w2s.select(column, top=3, nulls="drop").tolist() == [0, 2]
    assert w2s.top_k(column, 3, nulls="drop").tolist() == [2, 0]


def test_column_of_nulls_drops_to_nothing() -> None:
    assert w2s.select(pa.nulls(3), top=2, nulls="drop").tolist() == []


def test_nan_is_left_out_with_nulls() -> None:
    column = pa.array([None, 0.5, None, float("nan")])
    assert w2s.select(column, top=2, nulls="drop").tolist() == [1]
    assert w2s.top_k(column, 2, nulls="drop").tolist() == [1]


@pytest.mark.parametrize(
    ("column", "code", "named"),
    [
        (np.array([0.5, np.nan]), "select-nan-score", "score 1"),
        (np.zeros((2, 3)), "table-not-one-column", "(2, 3)"),
        (np.float64(0.5), "table-not-one-column", "()"),
        (np.array(["a"]), "table-not-numbers", "<U1"),
        (np.array([1j]), "table-not-numbers", "complex128"),
        ([0.5, "high"], "table-not-numbers", "<U"),
        (np.array([0.5, "high"], object), "table-not-numbers", "row 1 is 'high'"),
        (pa.array(["a"]), "table-not-numbers", "string"),
        (pa.array([[0.5]]), "table-not-numbers", "list<"),
        (np.array([1, 2**53 + 1]), "table-inexact-number", "row 1 is 9007199254740993"),
        (np.array([-(2**60)]), "table-inexact-number", "row 0 is -1152921504606846976"),
    ],
)
def test_invalid_column_is_refused(column: Any, code: str, named: str) -> None:
    with raises_code(code, DataError) as caught:
        w2s.select(column, top=1)
    assert named in str(caught.value)


def test_tensor_that_cannot_be_shared_is_refused_with_the_remedy() -> None:
    class NeedsGradient(OnlyDlpack):
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("Can't export tensors that require gradient\nuse detach()")

    with raises_code("table-tensor-not-shared", DataError) as caught:
        w2s.select(NeedsGradient(), top=1)
    assert "require gradient)" in str(caught.value)
    assert str(caught.value).endswith("x.detach().cpu().float()")


def test_unknown_treatment_of_nulls_is_refused() -> None:
    with raises_code("table-bad-nulls", UsageError):
        w2s.select([0.5], top=1, nulls="skip")  # type: ignore[arg-type]
