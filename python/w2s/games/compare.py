"""Comparison of two files of labels, or of two files of games, by the rules of the game.

Rows of labels are joined by id or position, and each is judged by the rules. Games are compared move by move;
results are counted too, but the moves decide whether games differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError
from w2s.games.agreement import STATUSES, Agreement, agree
from w2s.games.label_columns import JSONL, PARQUET, LabelColumns, read_json_objects, read_label_columns
from w2s.games.records import GameRecord, diverge, read_games
from w2s.games.state import game


@dataclass(frozen=True, slots=True)
class Difference:
    """A row or game that differs.

    Attributes:
        where: its name.
        why: the kind of difference.
        left: what the left file says.
        right: what the right file says.
        position: the last position that two games have in common.
    """

    where: str
    why: str
    left: str | None = None
    right: str | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True)
class FileComparison:
    """The agreement of two files.

    Attributes:
        kind: what the files contain.
        by: what joined their rows.
        counts: for labels the number of rows in ``both``, ``only_left`` and ``only_right``; of the rows in
            both, those with the ``same_move``, ``same_state``, ``same_up_to_transposition`` and the
            ``differing`` ones; and rows with an ``unparsable``, ``illegal`` or ``ambiguous`` label or
            ``no_position``. For games ``both``, ``only_left``, ``only_right``, ``same_moves``, ``differing``
            and ``other_result``.
        differences: the first differences.
    """

    kind: Literal["labels", "games"]
    by: str
    counts: dict[str, int]
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether both files contain the same rows or games and nothing differs."""
        return not any(self.counts[name] for name in ("only_left", "only_right", "differing"))

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {"agrees": self.agrees, **asdict(self)}


def compare_files(name: str, left: str | Path, right: str | Path, *, show: int = 5) -> FileComparison:
    """Compare two files of labels (Parquet, JSON lines) or two files of games (PGN, JSON lines).

    Labels are rows of ``label`` with ``id`` or ``position``. They are joined by ``id`` if both files have
    it, else by the key of the position; never by row order. Games are joined by round or match number if
    these are unique in both files, else by their number in the file.

    Args:
        name: name of the game.
        left: one file.
        right: the other file.
        show: number of differences to describe.

    Returns:
        Counts and the first differences.

    Raises:
        UsageError: there is no such game, a format is unknown, or one file contains labels and the other
            games.
        DataError: a file cannot be read, lacks a column, or has duplicate rows.
    """
    game(name)
    ours, theirs = Path(left), Path(right)
    kind = _file_kind(ours)
    if kind != _file_kind(theirs):
        raise UsageError(
            "agree-mixed-kinds",
            f"{left} contains {kind}, but {right} contains {_file_kind(theirs)}; give two files of one kind",
        )
    if kind == "games":
        return compare_games(name, read_games(ours), read_games(theirs), show=show)
    return compare_labels(name, read_label_columns(ours), read_label_columns(theirs), show=show)


def _file_kind(path: Path) -> Literal["labels", "games"]:
    if not path.exists():
        raise DataError("agree-file-missing", f"{path} does not exist; check the name")
    if path.is_dir():
        raise DataError(
            "agree-file-missing",
            f"{path} is a folder; name a file in it, for example {path / 'labels.parquet'}",
        )
    suffix = path.suffix.lower()
    if suffix not in {".pgn", *PARQUET, *JSONL}:
        raise UsageError(
            "agree-unknown-format",
            f"cannot read {path}: its ending names no format; labels are .parquet or .jsonl files, games are "
            ".pgn or .jsonl files",
        )
    if not path.is_file():
        what = "does not exist; check the name"
        if path.exists():
            what = "is a folder; give a file in it" if path.is_dir() else "is a pipe or a device; give a file"
        raise DataError("agree-missing-file", f"{path} {what}")
    if suffix in JSONL:
        first = next((row for _, row in read_json_objects(path)), {})
        return "games" if "moves" in first and "label" not in first else "labels"
    return "games" if suffix == ".pgn" else "labels"


# Labels ---------------------------------------------------------------------------------------------------


_SHOWN = 60


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
    """The joined rows of two files, as columns.

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
        rows=[_row_name(by, left, row) for row, _ in pairs],
        positions=here,
        left_labels=[left.labels[row] or "" for row, _ in pairs],
        right_labels=[right.labels[row] or "" for _, row in pairs],
        moved=np.array(
            [
                a != b and _position_key(name, a) != _position_key(name, b)
                for a, b in zip(here, there, strict=True)
            ],
            bool,
        ),
        only_left=[_row_name(by, left, row) for key, row in ours.items() if key not in theirs],
        only_right=[_row_name(by, right, row) for key, row in theirs.items() if key not in ours],
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
        first = rows.setdefault(_position_key(name, text or ""), row)
        if file.labels[first] != file.labels[row]:
            raise DataError(
                "agree-conflicting-labels",
                f"{file.path}: rows {first + 1} and {row + 1} label one position differently; add a column "
                "id to both files",
            )
    return rows


def _position_key(name: str, text: str) -> int | str:
    try:
        return game(name).state(text).key
    except DataError:
        return text


def _position(file: LabelColumns, row: int) -> str | None:
    return None if file.positions is None else file.positions[row]


def _row_name(by: str, file: LabelColumns, row: int) -> str:
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
        why = "another position" if joined.moved[row] else _label_difference(found, row)
        yield Difference(joined.rows[row], why, left, right, joined.positions[row] or None)
    for side, names in (("left", joined.only_left), ("right", joined.only_right)):
        for row_name in names:
            yield Difference(row_name, f"only in the {side} file")


def _label_difference(found: Agreement, row: np.int64) -> str:
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


# Games ----------------------------------------------------------------------------------------------------


_NUMBERS = ("Round", "number")
"""Headers with the number of a game: of PGN, and of the JSON lines of the arena."""


def compare_games(
    name: str, left: Iterable[GameRecord], right: Iterable[GameRecord], *, show: int = 5
) -> FileComparison:
    """Compare games one by one; see :func:`w2s.games.compare.compare_files`.

    Raises:
        DataError: a record is of another game than ``name``.
    """
    ours, theirs = _same_game(name, left), _same_game(name, right)
    by = next(
        (header for header in _NUMBERS if _numbers_all(header, ours) and _numbers_all(header, theirs)), ""
    )
    by_left, by_right = _by_number(by, ours), _by_number(by, theirs)
    both = [key for key in by_left if key in by_right]
    differing = {
        key: found for key in both if (found := _game_difference(name, key, by_left[key], by_right[key]))
    }
    counts = {
        "both": len(both),
        "only_left": len(by_left) - len(both),
        "only_right": len(by_right) - len(both),
        "same_moves": len(both) - len(differing),
        "differing": len(differing),
        "other_result": sum(by_left[key].result != by_right[key].result for key in both),
    }
    unmatched = [*_unmatched_games(by_left, by_right, "left"), *_unmatched_games(by_right, by_left, "right")]
    return FileComparison(
        "games", by or "number in the file", counts, [*differing.values(), *unmatched][:show]
    )


def _same_game(name: str, games: Iterable[GameRecord]) -> list[GameRecord]:
    kept = []
    for record in games:
        if record.game != name:
            raise DataError(
                "agree-other-game", f"game {record.number} is {record.game}, not {name}; set --game"
            )
        kept.append(record)
    return kept


def _numbers_all(header: str, games: list[GameRecord]) -> bool:
    names = {record.headers.get(header) for record in games}
    return None not in names and len(names) == len(games)


def _by_number(by: str, games: list[GameRecord]) -> dict[str, GameRecord]:
    return {record.headers[by] if by else str(record.number): record for record in games}


def _game_difference(name: str, key: str, left: GameRecord, right: GameRecord) -> Difference | None:
    if (left.start, left.moves) == (right.start, right.moves):
        return None
    found = diverge(name, left.moves, right.moves, left_start=left.start, right_start=right.start)
    if found is None:
        return None
    place = None if found.why == "start" else game(name).state(left.start, left.moves[: found.ply]).position
    return Difference(f"game {key}", str(found), found.left, found.right, place)


def _unmatched_games(
    games: Mapping[str, GameRecord], others: Mapping[str, GameRecord], side: str
) -> Iterator[Difference]:
    return (Difference(f"game {key}", f"only in the {side} file") for key in games if key not in others)
