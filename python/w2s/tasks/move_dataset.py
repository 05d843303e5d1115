"""Examples of moves from files: the ending chooses the reader; Parquet puzzles and labels are read here.

An example from a match of the arena has its history: the match is replayed from its first position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.games import State, game
from w2s.tasks.move import MoveExample, move_schema
from w2s.tasks.move_formats import read_epd, read_lichess, read_pgn_moves
from w2s.tasks.rows import OnBadRow, located

_SUPPORTED = (
    ".parquet (puzzles, labels), .csv (Lichess puzzles), .epd, .fen, .pgn, the folder of a run, or "
    "puzzles:GAME"
)
_TEXTS = ("id", "game", "position", "start", "group")


def read_move_examples(path: Path, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """The examples of a file.

    Args:
        path: the file; its ending says the format.
        rules: the game, for files that do not name one.
        on_bad_row: called for each row that cannot be used.

    Raises:
        UsageError: the format is unknown, or belongs to another game.
        DataError: the file cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            "task-unknown-format",
            f"{path}: positions are read from {_SUPPORTED}; to read questions, set --task choice or answer",
        )
    return reader(path, rules, on_bad_row)


def _read_lichess(path: Path, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    return read_lichess(_chess_only(path, rules), on_bad_row)


def _read_pgn(path: Path, rules: str, _: OnBadRow) -> Iterator[MoveExample]:
    return read_pgn_moves(_chess_only(path, rules))


def _chess_only(path: Path, rules: str) -> Path:
    if rules != "chess":
        raise UsageError(
            "task-format-other-game",
            f"{path} is of a format of chess; examples of {rules} are read from .parquet",
        )
    return path


# Parquet ----------------------------------------------------------------------------------------------------


def _read_parquet(path: Path, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """Puzzles in the columns of :func:`move_schema`, labels of ``w2s label``, or labels of an arena run."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if set(names) >= _ARENA_COLUMNS:
                return _read_arena_labels(path, file.read(), rules, on_bad_row)
            rows = file.read(columns=[name for name in move_schema().names if name in names])
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise DataError("task-file-unreadable", f"cannot read {path}: {reason}") from None
    missing = [name for name in ("id", "position") if name not in rows.column_names]
    if missing:
        raise DataError(
            "task-missing-column",
            f"{path} has no column {' or '.join(missing)}; examples need id and position",
        )
    return _parse_rows(path, rows, rules, on_bad_row)


def _parse_rows(path: Path, rows: pa.Table, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    for number, row in enumerate(rows.to_pylist(), 1):
        try:
            example = _parse_row(row, rules)
        except DataError as error:
            on_bad_row(located(f"{path}, row {number}", error))
            continue
        yield example


def _parse_row(row: Mapping[str, Any], rules: str) -> MoveExample:
    _check_texts(row)
    state = _state(row, rules)
    difficulty = row.get("difficulty")
    return MoveExample(
        row["id"],
        state,
        gold=tuple(dict.fromkeys(_canonical(state, move) for move in _moves(row, "solutions"))),
        difficulty=None if difficulty is None else float(difficulty),
        group=row.get("group"),
    )


def _state(row: Mapping[str, Any], rules: str) -> State:
    """The position, with its history if the row has one."""
    name = row.get("game") or rules
    if name not in kernels.game_names():
        known = ", ".join(kernels.game_names())
        raise DataError("game-unknown", f"no game is called {name[:40]!r}; the games are: {known}")
    bare = game(name).state(row["position"])
    if row.get("start") is None:
        return bare
    state = game(name).state(row["start"], _moves(row, "played"))
    if state.position != bare.position:
        raise DataError(
            "task-history-mismatch", f"start and played lead to {state.position}, not to {bare.position}"
        )
    return state


def _check_texts(row: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        value = row.get(name)
        if not isinstance(value, str) and (value is not None or name in ("id", "position")):
            raise DataError("task-not-text", f"{name} is {ascii(value)[:40]}, not text")


def _moves(row: Mapping[str, Any], name: str) -> list[str]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(move, str) for move in value):
        raise DataError("task-not-moves", f"{name} is {ascii(value)[:40]}, not a list of moves")
    return value


def _canonical(state: State, text: str) -> str:
    move, why = state.read(text)
    if move is None:
        raise DataError("game-illegal-move", f"the solution {text[:20]!r} is {why} in {state.position}")
    return move


# Labels of an arena run -----------------------------------------------------------------------------------


_ARENA_COLUMNS = frozenset({"match", "ply", "played", "label"})
"""A table with these columns holds labels of an arena run."""
_ARENA_NEEDED = ("id", "game", "match", "ply", "position", "label", "played", "legal")


def _read_arena_labels(
    path: Path, table: pa.Table, rules: str, on_bad_row: OnBadRow
) -> Iterator[MoveExample]:
    """One example per position of each match, even if several players labelled it.

    Gold moves are the best moves of the oracles and the labels that were judged right. ``group`` is the
    match.

    Raises:
        DataError: a column is missing.
    """
    missing = [name for name in _ARENA_NEEDED if name not in table.column_names]
    if missing:
        raise DataError(
            "task-missing-column", f"{path} has no column {', '.join(missing)}; arena labels need it"
        )
    oracles = [name for name in table.column_names if name.endswith("_best")]
    kept = [*_ARENA_NEEDED, *(["correct"] if "correct" in table.column_names else []), *oracles]
    matches: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for row in table.select(kept).to_pylist():
        matches.setdefault(row["match"], {}).setdefault(row["ply"], []).append(row)
    for number in sorted(matches):
        yield from _match_examples(path, matches[number], oracles, rules, on_bad_row)


def _match_examples(
    path: Path,
    plies: dict[int, list[dict[str, Any]]],
    oracles: list[str],
    rules: str,
    on_bad_row: OnBadRow,
) -> Iterator[MoveExample]:
    before: State | None = None
    for ply in sorted(plies):
        rows = plies[ply]
        try:
            state = _state_at(before, rows[0], rules)
            yield _arena_example(state, rows, oracles)
            before = _state_after(state, rows)
        except DataError as error:
            on_bad_row(located(f"{path}, id {rows[0]['id']}", error))
            before = None


def _state_at(before: State | None, row: dict[str, Any], rules: str) -> State:
    if before is not None and before.position == row["position"]:
        return before
    return game(row["game"] or rules).state(row["position"])


def _state_after(state: State, rows: list[dict[str, Any]]) -> State | None:
    played = [row["label"] for row in rows if row["played"]]
    return state.play(played[0]) if played else None


def _arena_example(state: State, rows: list[dict[str, Any]], oracles: list[str]) -> MoveExample:
    best = [row[oracle] for row in rows for oracle in oracles if row[oracle] is not None]
    right = [row["label"] for row in rows if row.get("correct")]
    first = rows[0]
    group = f"{first['game']}-{first['match']}"
    return MoveExample(
        f"{group}-{first['ply']}", state, gold=tuple(dict.fromkeys([*best, *right])), group=group
    )


# Readers by ending -----------------------------------------------------------------------------------------


_READERS: dict[str, Callable[[Path, str, OnBadRow], Iterator[MoveExample]]] = {
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".csv": _read_lichess,
    ".epd": read_epd,
    ".fen": read_epd,
    ".pgn": _read_pgn,
}
"""The reader of each ending; a new format is one function and one line here."""
