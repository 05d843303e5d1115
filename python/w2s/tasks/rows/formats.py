"""Rows of JSON, CSV and Parquet files and of published datasets; the ending of a file names its reader."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from w2s.errors import DataError, UsageError
from w2s.tasks.rows.hub import is_hub, read_hub
from w2s.tasks.rows.row import OnBadRow, Row, located

_SUPPORTED = ".jsonl, .json, .csv, .tsv, .parquet, or hf:OWNER/NAME?config=NAME&split=NAME"
_COMMON_STEMS = ("train", "test", "valid", "validation", "dev", "data", "labels")
"""Names of files that many folders have; ids then begin with the name of the folder."""
_MAX_FIELD_LETTERS = 1 << 24
_BATCH_ROWS = 4096


class _Record(NamedTuple):
    """A row of a file: its place in words, its line or row number, and its values."""

    place: str
    number: int
    values: dict[str, Any]


def read_rows(source: str | Path, on_bad_row: OnBadRow) -> Iterator[Row]:
    """The rows of a file or of a published dataset, in order.

    Args:
        source: a file, or ``hf:…``.
        on_bad_row: called for each row that cannot be read.

    Raises:
        UsageError: the format is unknown.
        DataError: the source cannot be read, or is empty.
    """
    if is_hub(source):
        yield from read_hub(str(source))
        return
    path = Path(source)
    if path.stat().st_size == 0:
        raise DataError("task-file-empty", f"{path} is empty")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError("task-unknown-format", f"{path}: examples are read from {_SUPPORTED}")
    stem = _id_stem(path)
    for record in reader(path, on_bad_row):
        yield Row(f"{path}, {record.place}", f"{stem}-{record.number}", record.values)


def _id_stem(path: Path) -> str:
    folder = path.resolve().parent.name
    return f"{folder}-{path.stem}" if path.stem in _COMMON_STEMS and folder else path.stem


# JSON -------------------------------------------------------------------------------------------------------


def _read_json(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    """The objects of an array, or of a file with one object per line."""
    try:
        if path.suffix.lower() == ".json" and _is_array(path):
            yield from _read_array(path, on_bad_row)
            return
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield from _checked(_parse(line.strip()), f"line {number}", number, path, on_bad_row)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def _is_array(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        while (letter := file.read(1)).isspace():
            pass
        return letter == "["


def _read_array(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    rows = _parse(path.read_text(encoding="utf-8-sig"))
    if isinstance(rows, DataError):
        raise located(str(path), rows)
    for number, row in enumerate(rows, 1):
        yield from _checked(row, f"row {number}", number, path, on_bad_row)


def _parse(text: str) -> Any:
    """The JSON value of a text, or the error that says what is wrong with it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f" in line {error.lineno}" if error.lineno > 1 else ""
        return DataError("task-invalid-json", f"invalid JSON{place}: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError) as error:
        return DataError("task-invalid-json", f"invalid JSON: {str(error)[:80]}")


def _checked(row: Any, place: str, number: int, path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    if isinstance(row, dict):
        yield _Record(place, number, row)
        return
    if not isinstance(row, DataError):
        row = DataError("task-row-not-object", f"{ascii(row)[:40]} is not an object with names and values")
    on_bad_row(located(f"{path}, {place}", row))


# CSV and Parquet --------------------------------------------------------------------------------------------


def _read_csv(path: Path, on_bad_row: OnBadRow) -> Iterator[_Record]:
    """The rows under the header; a value that begins like a JSON list is read as one."""
    csv.field_size_limit(_MAX_FIELD_LETTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            names = [name.strip() for name in next(rows, [])]
            if len(set(names)) < len(names):
                raise DataError(
                    "task-duplicate-column",
                    f"{path} has two columns with the same name: {', '.join(names)[:80]}",
                )
            for values in rows:
                place = f"line {rows.line_num}"
                if len(values) == len(names):
                    cells = map(_csv_value, values)
                    yield _Record(place, rows.line_num, dict(zip(names, cells, strict=True)))
                elif values:
                    reason = f"{path}, {place}: {len(values)} values for {len(names)} columns"
                    on_bad_row(DataError("task-row-length", reason))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from None


def _csv_value(cell: str) -> Any:
    if cell.startswith("["):
        with suppress(ValueError, RecursionError):
            return json.loads(cell)
    return cell


def _read_parquet(path: Path, _: OnBadRow) -> Iterator[_Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield _Record(f"row {number}", number, values)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError("task-file-unreadable", f"cannot read {path}: {str(error).partition(chr(10))[0][:200]}")


_READERS: dict[str, Callable[[Path, OnBadRow], Iterator[_Record]]] = {
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
}
"""The reader of each ending; a new format is one function and one line here."""
