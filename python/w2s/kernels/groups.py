"""Columns of ids (groups, strata, items, workers, classes) as dense codes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.errors import DataError
from w2s.kernels.arrays import as_arrow, as_numpy, is_arrow, plain_numbers
from w2s.kernels.core_errors import core_errors

Codes = npt.NDArray[np.uint32]


class Groups(NamedTuple):
    """A column of ids.

    Attributes:
        codes: n codes, uint32, each below the number of keys.
        keys: the id of each code, ascending, None last; ids without a row may be among them.
    """

    codes: Codes
    keys: npt.NDArray[Any] | list[Any]


def group_column(data: object, name: str, *, compact: bool = False) -> Groups:
    """Codes of a column of whole numbers, texts, booleans, dates or anything else that Arrow can compare.

    Null is a separate id, None. Whole numbers that can serve as codes are used unchanged, unless the codes
    must be ``compact``: each used by some row.

    Raises:
        DataError: it is not one column of ids.
    """
    array = _whole_numbers(data, name)
    if array is None:
        return _encoded(data, name)
    own = None if compact else _own_codes(array)
    if own is not None:
        return Groups(own, np.arange(int(own.max()) + 1 if len(own) else 0))
    # Unsigned numbers that sort as the ids do.
    flip = np.uint64(1 << 63) if array.dtype.kind == "i" else np.uint64(0)
    wide = array.astype(np.int64 if array.dtype.kind == "i" else np.uint64).view(np.uint64) ^ flip
    with core_errors():
        codes, ids = _core.dense_groups(wide)
    return Groups(codes, (ids ^ flip).view(np.int64 if array.dtype.kind == "i" else np.uint64))


def _whole_numbers(data: object, name: str) -> npt.NDArray[Any] | None:
    """The column if it holds whole numbers without nulls, else None."""
    if is_arrow(data):
        import pyarrow as pa

        column = as_arrow(data, name)
        if not pa.types.is_integer(column.type) or column.null_count:
            return None
        return plain_numbers(column)
    if isinstance(data, list | tuple):
        return None
    array, valid = as_numpy(data, name)
    if array.ndim != 1:
        raise DataError("table-not-one-column", f"{name}: shape {array.shape} is not one column")
    return array if array.dtype.kind in "iu" and valid is None else None


def _own_codes(array: npt.NDArray[Any]) -> Codes | None:
    """The ids as codes if they are small enough for tables with an entry for every code, else None."""
    most = max(len(array), 1 << 16)
    if len(array) and (array.max() > most or (array.dtype.kind == "i" and array.min() < 0)):
        return None
    return np.require(array, np.uint32, ["C_CONTIGUOUS", "ALIGNED"])


def _encoded(data: object, name: str) -> Groups:
    import pyarrow as pa

    if isinstance(data, np.ma.MaskedArray):
        data = pa.array(np.ma.getdata(data), mask=np.ma.getmaskarray(data))
    column = as_arrow(data, name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_temporal(column.type) and getattr(column.type, "unit", "") == "ns":
        column = column.cast(pa.int64())  # datetime has no nanoseconds
    if pa.types.is_null(column.type) or column.num_chunks == 0:
        return Groups(np.zeros(len(column), np.uint32), [None] if len(column) else [])
    try:
        encoded = column.dictionary_encode("encode").combine_chunks()
    except pa.ArrowNotImplementedError:
        raise DataError(
            "table-incomparable-ids",
            f"{name}: values of type {column.type} cannot be compared; give one id per row",
        ) from None
    if isinstance(encoded, pa.ChunkedArray):  # more than one chunk even when combined
        encoded = pa.concat_arrays(encoded.chunks)
    keys = encoded.dictionary.to_pylist()
    order = sorted(
        range(len(keys)), key=lambda code: (keys[code] is None, 0 if keys[code] is None else keys[code])
    )
    places = np.empty(len(keys), np.uint32)
    places[order] = np.arange(len(keys), dtype=np.uint32)
    return Groups(places[encoded.indices.to_numpy()], [keys[code] for code in order])
