"""Columns of any library as numpy arrays: ``__array__``, ``__dlpack__``, the Arrow PyCapsule interface.

Nothing is copied that can be shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Nulls: TypeAlias = Literal["error", "drop"]
"""What to do about a null: raise an error that names its row, or leave its row out."""

Scores: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats = TypeVar("Floats", bound=npt.NDArray[Any])

LARGEST_EXACT = 2**53
"""Beyond this, several whole numbers share one double, so ranks could change."""


class Column(NamedTuple, Generic[Floats]):
    """A column of numbers.

    Attributes:
        values: n numbers, contiguous, float32 or float64; 0 where null.
        valid: n flags, false where null; None if there is no null.
    """

    values: Floats
    valid: Flags | None

    def first_null(self) -> int | None:
        """The first row that is null."""
        return None if self.valid is None else int(np.argmin(self.valid))

    def refuse_nulls(self, name: str) -> Floats:
        """The values.

        Raises:
            DataError: there is a null; the message names its row.
        """
        row = self.first_null()
        if row is not None:
            remedy = 'fill it, or leave such rows out with nulls="drop"'
            raise DataError("table-null-value", f"{name}: row {row} is null; {remedy}")
        return self.values


def score_column(data: object, name: str = "scores") -> Column[Scores]:
    """A column of n numbers as float32 or float64, the narrower of those that hold each exactly.

    Args:
        data: a numpy array, anything with ``__array__``, ``__dlpack__`` or the Arrow PyCapsule interface
            (chunked and nullable columns included), or a list; booleans, whole numbers or floats.
        name: what messages call it.

    Raises:
        DataError: it is not one column of numbers, or holds a whole number that no double is equal to.
    """
    array, valid = as_numpy(data, name)
    if array.ndim != 1:
        raise DataError(
            "table-not-one-column", f"{name}: shape {array.shape} is not one column; give n numbers"
        )
    if array.dtype == object:
        array, valid = _numbers_or_none(array, name)
    return Column(_floats(array, name), None if valid is None or valid.all() else valid)


def double_column(data: object, name: str) -> Column[npt.NDArray[np.float64]]:
    """As :func:`score_column`, in double precision."""
    column = score_column(data, name)
    return Column(np.ascontiguousarray(column.values, np.float64), column.valid)


def correctness(data: object, name: str = "correct") -> tuple[Flags, Flags | None]:
    """A column of booleans, or of numbers 0 and 1, and its flags as in :class:`Column`.

    Raises:
        DataError: another value; the message names its row.
    """
    column = score_column(data, name)
    odd = (column.values != 0) & (column.values != 1)
    if odd.any():
        row = int(np.argmax(odd))
        value = column.values[row]
        raise DataError("table-not-boolean", f"{name}: row {row} is {value}, neither true (1) nor false (0)")
    return column.values != 0, column.valid


def check_nulls(nulls: str) -> None:
    """Refuse an unknown way to treat nulls."""
    if nulls not in {"error", "drop"}:
        raise UsageError("table-bad-nulls", f'nulls is {nulls!r}; use "error" or "drop"')


def is_arrow(data: object) -> bool:
    """Whether it speaks the Arrow PyCapsule interface."""
    return hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")


def as_numpy(data: object, name: str) -> tuple[npt.NDArray[Any], Flags | None]:
    """An array of any type and shape, and which entries are not null (None: all)."""
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.getdata(data), ~np.ma.getmaskarray(data)
    if isinstance(data, np.ndarray):
        return data, None
    if is_arrow(data):
        return _arrow_numbers(as_arrow(data, name), name)
    if hasattr(data, "__dlpack__"):
        return _from_dlpack(data, name), None
    try:
        return np.asarray(data), None
    except (TypeError, ValueError) as error:
        kind = type(data).__name__
        raise DataError("table-not-a-column", f"{name}: a {kind} is not a column ({error})") from None


def as_arrow(data: object, name: str) -> pa.ChunkedArray:
    """A column that speaks Arrow, or a sequence, as a chunked array."""
    import pyarrow as pa

    try:
        if hasattr(data, "__arrow_c_stream__") or isinstance(data, pa.ChunkedArray):
            return pa.chunked_array(data)
        return pa.chunked_array([pa.array(data)])
    except (pa.ArrowException, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        kind = type(data).__name__
        raise DataError("table-not-a-column", f"{name}: a {kind} is not a column ({reason})") from None


def _arrow_numbers(column: pa.ChunkedArray, name: str) -> tuple[npt.NDArray[Any], Flags | None]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif pa.types.is_decimal(kind) or pa.types.is_null(kind):
        column = column.cast(pa.float64())
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise DataError("table-not-numbers", f"{name}: values of type {kind} are not numbers")
    valid = plain_numbers(column.is_valid()) if column.null_count else None
    if column.null_count:
        column = column.fill_null(pa.scalar(0, pa.int8()).cast(kind))
    return plain_numbers(column), valid


def plain_numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column of numbers or booleans without nulls; not copied where it is of one chunk and not boolean.

    ``to_numpy`` does the same, but imports pandas if it is installed.
    """
    parts = [_plain_chunk(chunk) for chunk in column.chunks if len(chunk)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, _dtype(column.type))


def _plain_chunk(chunk: pa.Array) -> npt.NDArray[Any]:
    dtype, values, end = _dtype(chunk.type), chunk.buffers()[1], chunk.offset + len(chunk)
    if dtype != np.bool_:
        return np.frombuffer(values, dtype, end)[chunk.offset :]
    bits = np.unpackbits(np.frombuffer(values, np.uint8), count=end, bitorder="little")
    return bits[chunk.offset :].view(np.bool_)


def _dtype(kind: pa.DataType) -> np.dtype[Any]:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return np.dtype(bool)
    letter = "f" if pa.types.is_floating(kind) else "i" if pa.types.is_signed_integer(kind) else "u"
    return np.dtype(f"{letter}{kind.bit_width // 8}")


def _from_dlpack(data: Any, name: str) -> npt.NDArray[Any]:
    try:
        return np.from_dlpack(data)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            "table-tensor-not-shared",
            f"{name}: a {type(data).__name__} cannot be read in place ({reason}); "
            "a tensor must be on the CPU, without gradient and of a numpy type: x.detach().cpu().float()",
        ) from None


def _numbers_or_none(array: npt.NDArray[Any], name: str) -> tuple[npt.NDArray[Any], Flags]:
    """Numbers from a column of Python objects in which None is null."""
    valid = np.array([item is not None for item in array.tolist()], bool)
    try:
        return np.array([0 if item is None else item for item in array.tolist()], np.float64), valid
    except (TypeError, ValueError):
        row = next(i for i, item in enumerate(array.tolist()) if not _is_number(item))
        raise DataError(
            "table-not-numbers", f"{name}: row {row} is {array[row]!r}, which is not a number"
        ) from None


def _is_number(item: object) -> bool:
    return item is None or isinstance(item, int | float | np.number | np.bool_)


def _floats(array: npt.NDArray[Any], name: str) -> Scores:
    """Contiguous floats in the machine's byte order that equal the numbers."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind not in "fiub" or (kind == "f" and size > 8):
        message = f"{name}: values of type {array.dtype} are not numbers that w2s reads; cast them to float64"
        raise DataError("table-not-numbers", message)
    if kind in "iu" and size == 8:
        _refuse_inexact(array, name)
    narrow = size <= 4 if kind == "f" else size <= 2
    wanted = np.dtype(np.float32 if narrow else np.float64)
    return np.require(array, wanted, ["C_CONTIGUOUS", "ALIGNED"])


def _refuse_inexact(array: npt.NDArray[Any], name: str) -> None:
    if len(array) and max(int(array.max()), -int(array.min())) > LARGEST_EXACT:
        beyond = (array > LARGEST_EXACT) | (array < -LARGEST_EXACT if array.dtype.kind == "i" else False)
        row = int(np.argmax(beyond))
        raise DataError(
            "table-inexact-number",
            f"{name}: row {row} is {array[row]}, beyond ±2^53, where double precision has gaps",
        )
