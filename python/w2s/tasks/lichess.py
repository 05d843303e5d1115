"""Lichess puzzles as examples: CSV with the published header, or bare ``fen,moves,rating``.

By the published convention the position is the one *before* the opponent's move. ``Moves`` begins with that
move; the second move is the solution.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from w2s.errors import DataError
from w2s.games import Game, game
from w2s.tasks.move import MoveExample
from w2s.tasks.rows import OnBadRow, located

_BARE = ("fen", "moves", "rating")
_NEEDED = ("fen", "moves")


def read_lichess(path: Path, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """The puzzles of a file; the opponent's move is part of the history of the state.

    ``difficulty`` is the rating, ``group`` the Lichess game if the file names it. Without a ``PuzzleId`` the
    id is the file name and the line number.

    Raises:
        DataError: the file cannot be read, or a column is missing.
    """
    rules = game("chess")
    for line, row in _rows(path):
        try:
            example = _example(rules, row, f"{path.stem}-{line}")
        except DataError as error:
            on_bad_row(located(f"{path}, line {line}", error))
            continue
        yield example


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line numbers and rows by lower-case column name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names: tuple[str, ...] | None = None
            for values in reader:
                if names is None:
                    names = _header(path, values)
                    if names is not _BARE:
                        continue
                if values:
                    yield reader.line_num, dict(zip(names, values, strict=False))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError("task-file-unreadable", f"cannot read {path}: {error}") from None


def _header(path: Path, first: list[str]) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in first)
    if "fen" not in names and any("/" in value for value in first):
        return _BARE
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(
            "task-missing-column", f"{path} has no column {' or '.join(missing)}; Lichess puzzles need it"
        )
    return names


def _example(rules: Game, row: Mapping[str, str], name: str) -> MoveExample:
    moves = row.get("moves", "").split()
    if len(moves) < 2:
        raise DataError("task-puzzle-too-short", "Moves needs the opponent's move and the solution")
    state = rules.state(row["fen"]).play(moves[0])
    solution, why = state.read(moves[1])
    if solution is None:
        raise DataError("game-illegal-move", f"the solution {moves[1][:20]!r} is {why} in {state.position}")
    return MoveExample(
        row.get("puzzleid") or name,
        state,
        gold=(solution,),
        difficulty=_rating(row.get("rating", "")),
        group=_lichess_game(row.get("gameurl", "")),
    )


def _rating(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise DataError("task-not-number", f"the rating {text[:20]!r} is not a number") from None


def _lichess_game(address: str) -> str | None:
    """``https://lichess.org/787zsVup/black#48`` → ``787zsVup``."""
    tail = address.partition("#")[0].removesuffix("/black").rstrip("/")
    return tail.rpartition("/")[2] or None
