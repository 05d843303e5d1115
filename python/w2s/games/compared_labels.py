"""Two sets of labels compared: rows joined by id or position, each judged by the rules.

Knows nothing about files or models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.games.agreement import STATUSES, Agreement, agree
from w2s.games.compared import Comparison, Difference
from w2s.games.label_files import LabelColumns
from w2s.games.state import game

_SHOWN = 60


def compare_labels(name: str, left: LabelColumns, right: LabelColumns, *, show: int = 5) -> Comparison:
    """Compare labels row by row; see :func:`w2s.games.comparison.compare_files`.

    Two labels that are not legal moves agree only where their texts are equal.

    Raises:
        DataError: an id stands twice in a file, or a position with different labels; or neither file has
            positions.
    """
    joined = _join(name, left, right)
    found = agree(name, joined.positions, joined.left_labels, joined.right_labels)
    same = (found.same_move | _same_failure(joined, found)) & ~joined.elsewhere
    counts = {
        "both": len(joined.rows),
        "only_left": len(joined.only_left),
        "only_right": len(joined.only_right),
        "same_move": _count(found.same_move & ~joined.elsewhere),
        "same_state": _count(found.same_state & ~joined.elsewhere),
        "same_up_to_transposition": _count(found.same_up_to_transposition & ~joined.elsewhere),
        "differing": _count(~same),
    }
    for code, word in enumerate(STATUSES[1:], 1):
        counts[word.replace(" ", "_")] = _count((found.left_code == code) | (found.right_code == code))
    differences = [*islice(_differences(joined, found, np.flatnonzero(~same)), show)]
    return Comparison("labels", joined.by, counts, differences)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Rows of two files that belong together: their names, positions and labels, column by column.

    ``elsewhere``: the files have different positions for this row. ``only_left`` and ``only_right`` are the
    names of the rows that the other file lacks.
    """

    by: str
    rows: list[str]
    positions: list[str]
    left_labels: list[str]
    right_labels: list[str]
    elsewhere: npt.NDArray[np.bool_]
    only_left: list[str]
    only_right: list[str]


def _join(name: str, left: LabelColumns, right: LabelColumns) -> _Joined:
    by = "position" if left.ids is None or right.ids is None else "id"
    if left.positions is None and right.positions is None:
        raise DataError(f"neither {left.path} nor {right.path} has a column position: no move can be read")
    ours, theirs = (
        _rows_by_id(file) if by == "id" else _rows_by_position(name, file) for file in (left, right)
    )
    pairs = [(row, theirs[key]) for key, row in ours.items() if key in theirs]
    here = [_position(left, row) or _position(right, other) or "" for row, other in pairs]
    there = [_position(right, other) or text for (_, other), text in zip(pairs, here, strict=True)]
    return _Joined(
        by=by,
        rows=[_name(by, left, row) for row, _ in pairs],
        positions=here,
        left_labels=[left.labels[row] or "" for row, _ in pairs],
        right_labels=[right.labels[row] or "" for _, row in pairs],
        elsewhere=np.array(
            [a != b and _key(name, a) != _key(name, b) for a, b in zip(here, there, strict=True)], bool
        ),
        only_left=[_name(by, left, row) for key, row in ours.items() if key not in theirs],
        only_right=[_name(by, right, row) for key, row in theirs.items() if key not in ours],
    )


def _rows_by_id(file: LabelColumns) -> dict[int | str, int]:
    rows: dict[int | str, int] = {}
    for row, key in enumerate(file.ids or ()):
        if key in rows:
            raise DataError(f"{file.path}: rows {rows[key] + 1} and {row + 1} have one id, {_short(key)}")
        rows[key] = row
    return rows


def _rows_by_position(name: str, file: LabelColumns) -> dict[int | str, int]:
    """Rows by the key of their position; a text that is no position stands for itself."""
    if file.positions is None:
        raise DataError(f"{file.path} has no column position, and the other file no id: nothing joins them")
    rows: dict[int | str, int] = {}
    for row, text in enumerate(file.positions):
        first = rows.setdefault(_key(name, text or ""), row)
        if file.labels[first] != file.labels[row]:
            raise DataError(
                f"{file.path}: rows {first + 1} and {row + 1} label one position differently: both files "
                "need a column id"
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


def _same_failure(joined: _Joined, found: Agreement) -> npt.NDArray[np.bool_]:
    """Rows where both labels fail alike and have the same text."""
    pairs = zip(joined.left_labels, joined.right_labels, strict=True)
    equal = np.fromiter((left == right for left, right in pairs), bool, len(joined.rows))
    alike: npt.NDArray[np.bool_] = equal & (found.left_code == found.right_code) & (found.left_code > 0)
    return alike


def _differences(joined: _Joined, found: Agreement, rows: npt.NDArray[np.int64]) -> Iterator[Difference]:
    for row in rows:
        left, right = (_short(labels[row]) for labels in (joined.left_labels, joined.right_labels))
        why = "another position" if joined.elsewhere[row] else _why(found, row)
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
