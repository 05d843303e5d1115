"""A source → its rows: the ending of a file says which reader is asked.

Knows nothing about the formats themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from w2s.errors import DataError, UsageError
from w2s.tasks.rows.fields import Row
from w2s.tasks.rows.hub import is_hub, read_hub
from w2s.tasks.rows.lines import BadRow, Found, read_json

FORMATS = ".jsonl, .json, .csv, .tsv, .parquet, or hf:OWNER/NAME?config=NAME&split=NAME"
_PARTS = ("train", "test", "valid", "validation", "dev", "data", "labels")
"""Names of files that many folders have: ids then begin with the folder's."""


def read_rows(source: str | Path, bad_row: BadRow) -> Iterator[Row]:
    """The rows of a file or of a published data set, in their order.

    Args:
        source: a file, or ``hf:…``.
        bad_row: told about each row that cannot be read, with file and line.

    Raises:
        UsageError: the format is not known.
        DataError: the source cannot be read, or is empty.
    """
    if is_hub(source):
        yield from read_hub(str(source))
        return
    path = Path(source)
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty")
    stem = _stem(path)
    for place, number, values in _found(path, bad_row):
        yield Row(f"{path}, {place}", f"{stem}-{number}", values)


def _found(path: Path, bad_row: BadRow) -> Found:
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson", ".json"):
        return read_json(path, bad_row)
    if suffix in (".csv", ".tsv"):
        from w2s.tasks.rows.comma import read_comma

        return read_comma(path, bad_row)
    if suffix in (".parquet", ".pq"):
        from w2s.tasks.rows.arrow import read_arrow

        return read_arrow(path)
    raise UsageError(f"{path}: examples are read from {FORMATS}")


def _stem(path: Path) -> str:
    folder = path.resolve().parent.name
    return f"{folder}-{path.stem}" if path.stem in _PARTS and folder else path.stem
