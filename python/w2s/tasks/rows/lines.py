"""Rows of JSON: an array, or one object a line.

Knows nothing about columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from w2s.errors import DataError

BadRow = Callable[[str], None]
Found = Iterator[tuple[str, int, dict[str, Any]]]
"""Where a row stands in words, its number, and the row."""


def read_json(path: Path, bad_row: BadRow) -> Found:
    """The objects of a file.

    Raises:
        DataError: it is not UTF-8, or an array that is broken: the line is named.
    """
    if path.suffix.lower() == ".json" and _is_array(path):
        yield from _array(path, bad_row)
        return
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line, words in enumerate(file, 1):
                if words.strip():
                    yield from _checked(_parsed(words.strip()), f"line {line}", line, path, bad_row)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _is_array(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while (letter := file.read(1)).isspace():
                pass
            return letter == "["
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _array(path: Path, bad_row: BadRow) -> Found:
    try:
        rows = _parsed(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if isinstance(rows, DataError):
        raise DataError(f"{path}: {rows}")
    for number, row in enumerate(rows, 1):
        yield from _checked(row, f"row {number}", number, path, bad_row)


def _parsed(words: str) -> Any:
    """What the text says, or the error that says why it says nothing."""
    try:
        return json.loads(words)
    except json.JSONDecodeError as error:
        place = f" in line {error.lineno}" if error.lineno > 1 else ""
        return DataError(f"invalid JSON{place}: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError) as error:
        return DataError(f"invalid JSON: {str(error)[:80]}")


def _checked(row: Any, place: str, number: int, path: Path, bad_row: BadRow) -> Found:
    if isinstance(row, DataError):
        bad_row(f"{path}, {place}: {row}")
    elif not isinstance(row, dict):
        bad_row(f"{path}, {place}: {ascii(row)[:40]} is no object with names and values")
    else:
        yield place, number, row
