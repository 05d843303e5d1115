"""Arrow values as Python values that JSON can represent, and rows as JSON lines; pandas is not needed."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError

_NS_PER_US = 1_000
_MICROSECOND_DIGITS = 6


def encode_rows(table: pa.Table) -> bytes:
    """One JSON line per row, each with its newline.

    Times become ISO 8601 text, binary values base64, decimals text.

    Raises:
        DataError: a number is NaN or infinite, or a time is beyond the years 1 to 9999 or in an unknown zone.
    """
    try:
        rows = _rows(table)
    except UnicodeDecodeError:
        raise
    except (OverflowError, ValueError, LookupError):
        raise DataError(
            "table-not-a-json-time",
            f"{_odd_time(table)} cannot be written as JSON; write .parquet or .arrow instead",
        ) from None
    try:
        return "".join(_line(row) for row in rows).encode()
    except ValueError:
        raise DataError(
            "table-not-a-json-number",
            f"{_odd(rows)} cannot be written as JSON; write .parquet or .arrow instead",
        ) from None


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    if any(_has_nanoseconds(column.type) for column in table.schema):
        columns = [python_values(column) for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
    rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="lossy")
    return rows


def _odd_time(table: pa.Table) -> str:
    for name in table.column_names:
        column = table.select([name])
        for row in range(table.num_rows):
            try:
                _rows(column.slice(row, 1))
            except (OverflowError, ValueError, LookupError) as error:
                return f"column {name!r}, {column.schema.field(0).type}: {error}, which"
    return "a time"


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return str(value)


def _odd(rows: list[dict[str, Any]]) -> str:
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and not math.isfinite(value):
                return f"{value} in column {name!r}"
    return "NaN or an infinity inside a nested value"


# Times in nanoseconds, which Python's datetime does not have ----------------------------------------------


def python_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:  # noqa: PLR0911 - one per layout
    """The values of a column like ``to_pylist``, but times in nanoseconds as ISO 8601 text.

    ``to_pylist`` needs pandas for those. Durations in nanoseconds become seconds.

    Example:
        >>> import pyarrow as pa
        >>> python_values(pa.array([1, None], pa.time64("ns")))
        ['00:00:00.000000001', None]
    """
    if isinstance(column, pa.ChunkedArray):
        return [value for chunk in column.chunks for value in python_values(chunk)]
    kind = column.type
    if not _has_nanoseconds(kind):
        return column.to_pylist(maps_as_pydicts="lossy")  # type: ignore[no-any-return]
    if isinstance(column, pa.ExtensionArray):
        return python_values(column.storage)
    if pa.types.is_dictionary(kind):
        return python_values(column.dictionary_decode())
    if pa.types.is_struct(kind):
        fields = [python_values(child) for child in column.flatten()]
        names = [child.name for child in kind.fields]
        structs = [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)]
        return _with_nulls(structs, column)
    if pa.types.is_map(kind):
        pair = pa.struct([kind.key_field.with_name("key"), kind.item_field.with_name("value")])
        rows = python_values(column.cast(pa.list_(pair)))
        return [row if row is None else {one["key"]: one["value"] for one in row} for row in rows]
    if pa.types.is_nested(kind):
        return _split(python_values(column.flatten()), column)
    return _texts(column)


def _has_nanoseconds(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _has_nanoseconds(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _has_nanoseconds(kind.value_type)
    if pa.types.is_nested(kind):
        return any(_has_nanoseconds(kind.field(i).type) for i in range(kind.num_fields))
    return pa.types.is_temporal(kind) and getattr(kind, "unit", "") == "ns"


def _with_nulls(values: list[Any], column: pa.Array) -> list[Any]:
    if not column.null_count:
        return values
    return [
        value if valid else None for value, valid in zip(values, column.is_valid().to_pylist(), strict=True)
    ]


def _split(values: list[Any], column: pa.Array) -> list[Any]:
    """Values of a list column, divided among its rows."""
    import pyarrow.compute as pc

    found: list[Any] = []
    start = 0
    for length in pc.list_value_length(column).to_pylist():
        found.append(None if length is None else values[start : start + length])
        start += length or 0
    return found


def _texts(column: pa.Array) -> list[Any]:
    """Times in nanoseconds as text with as many digits as are needed; durations as seconds."""
    kind = column.type
    counts = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if pa.types.is_duration(kind):
        return _with_nulls((counts / 1e9).tolist(), column)
    micros, rest = np.divmod(counts, _NS_PER_US)
    coarse = pa.time64("us") if pa.types.is_time(kind) else pa.timestamp("us", kind.tz)
    times = pa.array(micros, pa.int64()).cast(coarse).to_pylist()
    texts = [_text(time, nanoseconds) for time, nanoseconds in zip(times, rest.tolist(), strict=True)]
    return _with_nulls(texts, column)


def _text(time: datetime.datetime | datetime.time, nanoseconds: int) -> str:
    if not nanoseconds:
        return time.isoformat()
    text = time.isoformat(timespec="microseconds")
    end = text.index(".") + 1 + _MICROSECOND_DIGITS
    return f"{text[:end]}{nanoseconds:03}{text[end:]}"
