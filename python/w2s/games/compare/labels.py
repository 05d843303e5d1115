"""Comparison of two files of labels: rows are joined by id or position, and each is judged by the rules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.games.agreement import STATUSES, Agreement, agree
from w2s.games.compare.comparison import Difference, FileComparison
from w2s.games.state import game

JSONL = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
_COLUMNS = ("id", "position", "label")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The columns of one file; ``ids`` or ``positions`` is None if the file has no such column."""

    path: Path
    ids: Sequence[str] | None
    positions: Sequence[str | None] | None
    labels: Sequence[str | None]


def compare_labels(name: str, left: LabelColumns, right: LabelColumns, *, show: int = 5) -> FileComparison:
    """Compare labels row by row; see :func:`w2s.games.compare.compare_files`.

    Two labels that are not legal moves agree only if their texts are equal.

    Raises:
        DataError: a file has a duplicate id, or different labels for one position; or neither file has
            positions.
    """
    joined = _join(name, left, right)
    found = agree(name, joined.positions, joined.left_labels, joined.right_labels)
    same = (found.same_move | _same_failure(joined, found)) & ~joined.moved
    counts = {
        "both": len(joined.rows),
        "only_left": len(joined.only_left),
        "only_right": len(joined.only_right),
        "same_move": _count(found.same_move & ~joined.moved),
        "same_state": _count(found.same_state & ~joined.moved),
        "same_up_to_transposition": _count(found.same_up_to_transposition & ~joined.moved),
        "differing": _count(~same),
    }
    for code, word in enumerate(STATUSES[1:], 1):
        counts[word.replace(" ", "_")] = _count((found.left_code == code) | (found.right_code == code))
    differences = [*islice(_differences(joined, found, np.flatnonzero(~same)), show)]
    return FileComparison("labels", joined.by, counts, differences)


@dataclass(frozen=True, slots=True)
class _JoinedRows:
    """The rows of two files that belong together, as columns.

    Attributes:
        by: the column that joined them.
        rows: names of the rows.
        positions: their positions.
        left_labels: labels of the left file.
        right_labels: labels of the right file.
        moved: bool, whether the two files have different positions for a row.
        only_left: names of the rows that only the left file has.
        only_right: names of the rows that only the right file has.
    """

    by: str
    rows: list[str]
    positions: list[str]
    left_labels: list[str]
    right_labels: list[str]
    moved: npt.NDArray[np.bool_]
    only_left: list[str]
    only_right: list[str]


def _join(name: str, left: LabelColumns, right: LabelColumns) -> _JoinedRows:
    by = "position" if left.ids is None or right.ids is None else "id"
    if left.positions is None and right.positions is None:
        raise DataError(
            "agree-no-positions",
            f"neither {left.path} nor {right.path} has a column position, which moves need to be read",
        )
    ours, theirs = (
        _rows_by_id(file) if by == "id" else _rows_by_position(name, file) for file in (left, right)
    )
    pairs = [(row, theirs[key]) for key, row in ours.items() if key in theirs]
    here = [_position(left, row) or _position(right, other) or "" for row, other in pairs]
    there = [_position(right, other) or text for (_, other), text in zip(pairs, here, strict=True)]
    return _JoinedRows(
        by=by,
        rows=[_name(by, left, row) for row, _ in pairs],
        positions=here,
        left_labels=[left.labels[row] or "" for row, _ in pairs],
        right_labels=[right.labels[row] or "" for _, row in pairs],
        moved=np.array(
            [a != b and _key(name, a) != _key(name, b) for a, b in zip(here, there, strict=True)], bool
        ),
        only_left=[_name(by, left, row) for key, row in ours.items() if key not in theirs],
        only_right=[_name(by, right, row) for key, row in theirs.items() if key not in ours],
    )


def _rows_by_id(file: LabelColumns) -> dict[int | str, int]:
    rows: dict[int | str, int] = {}
    for row, key in enumerate(file.ids or ()):
        if key in rows:
            raise DataError(
                "agree-duplicate-id",
                f"{file.path}: rows {rows[key] + 1} and {row + 1} have the same id {_short(key)}",
            )
        rows[key] = row
    return rows


def _rows_by_position(name: str, file: LabelColumns) -> dict[int | str, int]:
    """Rows by the key of their position, or by its text if it is not a position."""
    if file.positions is None:
        raise DataError(
            "agree-no-common-key",
            f"{file.path} has no column position and the other file no column id; both need the same one",
        )
    rows: dict[int | str, int] = {}
    for row, text in enumerate(file.positions):
        first = rows.setdefault(_key(name, text or ""), row)
        if file.labels[first] != file.labels[row]:
            raise DataError(
                "agree-conflicting-labels",
                f"{file.path}: rows {first + 1} and {row + 1} label one position differently; add a column "
                "id to both files",
            )
    return rows


def _key(name: str, text: str) -> int | str:
    try:
        return game(name).state(text).key
    except DataError:
        return text


def _position(file: LabelColumns, row: int) -> str | None:
    return None if file.positions is None else file.positions[row]


def _name(by: str, file: LabelColumns, row: int) -> str:
    return _short((file.ids or ())[row] if by == "id" else _position(file, row) or "")


def _same_failure(joined: _JoinedRows, found: Agreement) -> npt.NDArray[np.bool_]:
    """Rows where both labels are equal texts with the same verdict, which is not ok."""
    pairs = zip(joined.left_labels, joined.right_labels, strict=True)
    equal = np.fromiter((left == right for left, right in pairs), bool, len(joined.rows))
    alike: npt.NDArray[np.bool_] = equal & (found.left_code == found.right_code) & (found.left_code > 0)
    return alike


def _differences(joined: _JoinedRows, found: Agreement, rows: npt.NDArray[np.int64]) -> Iterator[Difference]:
    for row in rows:
        left, right = (_short(labels[row]) for labels in (joined.left_labels, joined.right_labels))
        why = "another position" if joined.moved[row] else _why(found, row)
        yield Difference(joined.rows[row], why, left, right)
    for side, names in (("left", joined.only_left), ("right", joined.only_right)):
        for row_name in names:
            yield Difference(row_name, f"only in the {side} file")


def _why(found: Agreement, row: np.int64) -> str:
    codes = {"left": found.left_code[row], "right": found.right_code[row]}
    broken = [f"the {side} label is {STATUSES[code]}" for side, code in codes.items() if code]
    if any(STATUSES[code] == "no position" for code in codes.values()):
        return "the position cannot be read"
    return " and ".join(broken) or "another move"


def _count(flags: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(flags))


def _short(text: str) -> str:
    """A text as one short line of printable ASCII."""
    plain = text.isascii() and text.isprintable() and text
    shown = text if plain else ascii(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


# Files -----------------------------------------------------------------------------------------------------


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
    except (OSError, pa.ArrowException) as error:
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
