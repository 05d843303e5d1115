"""Rows of an Arrow table as JSON Lines.

Knows nothing about files. Times become ISO 8601 text, binary becomes base64, decimals become text.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
from typing import Any

import pyarrow as pa

from w2s.errors import DataError


def lines_of(table: pa.Table) -> bytes:
    """One line a row, each ended; nothing for no rows.

    Raises:
        DataError: a number that JSON has not (NaN or an infinity).
    """
    rows = table.to_pylist(maps_as_pydicts="lossy")
    try:
        return "".join(_line(row) for row in rows).encode()
    except ValueError:
        raise DataError(f"{_odd(rows)} is not a number in JSON: write .parquet or .arrow instead") from None


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
