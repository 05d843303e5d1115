"""Columns of a file of labels: its ids, positions and labels, from Parquet or JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError

JSONL = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
_COLUMNS = ("id", "position", "label")


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The columns of one file; ``ids`` or ``positions`` is None if the file has no such column."""

    path: Path
    ids: Sequence[str] | None
    positions: Sequence[str | None] | None
    labels: Sequence[str | None]


def read_label_columns(path: Path) -> LabelColumns:
    """The labels of a Parquet or JSON lines file.

    Raises:
        DataError: the file cannot be read, lacks a column, or a value is not text.
    """
    columns = _read_parquet(path) if path.suffix.lower() in PARQUET else _read_jsonl(path)
    if "label" not in columns or not columns.keys() & {"id", "position"}:
        missing = "label" if "label" not in columns else "id or position"
        raise DataError(
            "agree-missing-column", f"{path} has no column {missing}; labels need label, and id or position"
        )
    for name, values in columns.items():
        _check_texts(path, name, values)
    return LabelColumns(path, columns.get("id"), columns.get("position"), columns["label"])


def _check_texts(path: Path, name: str, values: Sequence[Any]) -> None:
    for row, value in enumerate(values, 1):
        if not isinstance(value, str) and (value is not None or name == "id"):
            raise DataError("agree-not-text", f"{path}, row {row}: {name} is {ascii(value)[:40]}, not text")


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    try:
        with pq.ParquetFile(path) as file:
            names = [name for name in _COLUMNS if name in file.schema_arrow.names]
            table = file.read(columns=names)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError("agree-file-unreadable", f"cannot read {path}: {_first_line(error)}") from None
    return {name: table.column(name).to_pylist() for name in names}


def _read_jsonl(path: Path) -> dict[str, list[Any]]:
    rows = [row for _, row in read_json_objects(path)]
    names = [name for name in _COLUMNS if any(name in row for row in rows)]
    return {name: [row.get(name) for row in rows] for name in names}


def read_json_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON lines file with their line numbers, from 1; empty lines are skipped.

    Raises:
        DataError: the file cannot be read, or a line is not an object.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _object(line, f"{path}, line {number}")
    except OSError as error:
        raise DataError("agree-file-unreadable", f"cannot read {path}: {error.strerror or error}") from None


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise DataError("agree-not-json", f"{where} is not a JSON object")
    return value


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error).partition("\n")[0][:200]
