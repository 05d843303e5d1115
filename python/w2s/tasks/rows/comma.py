"""Rows of CSV and TSV, with a header.

Knows nothing about columns; a value that begins like a list of JSON is read as one.
"""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from w2s.errors import DataError
from w2s.tasks.rows.lines import BadRow, Found

_MOST_LETTERS = 1 << 24


def read_comma(path: Path, bad_row: BadRow) -> Found:
    """The rows under the header.

    Raises:
        DataError: it cannot be read, or two columns have one name.
    """
    csv.field_size_limit(_MOST_LETTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            names = [name.strip() for name in next(rows, [])]
            if len(set(names)) < len(names):
                raise DataError(f"{path} has two columns of one name: {', '.join(names)[:80]}")
            for values in rows:
                place = f"line {rows.line_num}"
                if len(values) == len(names):
                    yield place, rows.line_num, dict(zip(names, map(_value, values), strict=True))
                elif values:
                    bad_row(f"{path}, {place}: {len(values)} values for {len(names)} columns")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _value(words: str) -> Any:
    if words.startswith("["):
        with suppress(ValueError, RecursionError):
            return json.loads(words)
    return words
