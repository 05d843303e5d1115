"""Moves in Parquet: our puzzles, labels that ``w2s label`` wrote, labels of an arena's run.

Knows nothing about who made them. Columns of a puzzle: ``id``, ``game``, ``position``, ``start`` and
``played`` (where its known history begins, and the moves from there to ``position``), ``solutions``,
``difficulty``, ``group``; all but ``id`` and ``position`` may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s import kernels
from w2s.errors import DataError
from w2s.games import State, game
from w2s.tasks.move import MoveExample

PUZZLES = pa.schema(
    [
        ("id", pa.string()),
        ("game", pa.string()),
        ("position", pa.string()),
        ("start", pa.string()),
        ("played", pa.list_(pa.string())),
        ("solutions", pa.list_(pa.string())),
        ("difficulty", pa.float32()),
        ("group", pa.string()),
    ]
)
"""Our own puzzles, one a row."""


def move_row(example: MoveExample) -> dict[str, Any]:
    """The columns of :data:`PUZZLES` for an example, its known history included."""
    state = example.state
    return {
        "id": example.id,
        "game": state.game,
        "position": state.position,
        "start": state.start_position,
        "played": state.moves(),
        "solutions": list(example.gold),
        "difficulty": example.difficulty,
        "group": example.group,
    }


_ARENA = {"match", "ply", "played", "label"}
_TEXTS = ("id", "game", "position", "start", "group")


def read_table(path: Path, rules: str, bad_row: Callable[[str], None]) -> Iterator[MoveExample]:
    """The examples of a Parquet file.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if set(names) >= _ARENA:
                from w2s.tasks.arena_labels import examples_of

                return examples_of(path, file.read(), rules, bad_row)
            rows = file.read(columns=[name for name in PUZZLES.names if name in names])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {str(error).partition(chr(10))[0][:200]}") from None
    missing = [name for name in ("id", "position") if name not in rows.column_names]
    if missing:
        raise DataError(f"{path} has no column {' or '.join(missing)}: examples need id and position")
    return _puzzles(path, rows, rules, bad_row)


def _puzzles(path: Path, rows: pa.Table, rules: str, bad_row: Callable[[str], None]) -> Iterator[MoveExample]:
    for number, row in enumerate(rows.to_pylist(), 1):
        try:
            yield _example(row, rules)
        except DataError as error:
            bad_row(f"{path}, row {number}: {error}")


def _example(row: Mapping[str, Any], rules: str) -> MoveExample:
    _check_texts(row)
    state = _state(row, rules)
    difficulty = row.get("difficulty")
    return MoveExample(
        row["id"],
        state,
        gold=tuple(dict.fromkeys(_canonical(state, move) for move in _texts(row, "solutions"))),
        difficulty=None if difficulty is None else float(difficulty),
        group=row.get("group"),
    )


def _state(row: Mapping[str, Any], rules: str) -> State:
    """The position with its history, where the row has one."""
    name = row.get("game") or rules
    if name not in kernels.game_names():
        raise DataError(f"no game is called {name[:40]!r}")
    asked = game(name).state(row["position"])
    if row.get("start") is None:
        return asked
    state = game(asked.game).state(row["start"], _texts(row, "played"))
    if state.position != asked.position:
        raise DataError(f"start and played lead to {state.position}, not to {asked.position}")
    return state


def _check_texts(row: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        value = row.get(name)
        if not isinstance(value, str) and (value is not None or name in ("id", "position")):
            raise DataError(f"{name} is {ascii(value)[:40]}, not text")


def _texts(row: Mapping[str, Any], name: str) -> list[str]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(move, str) for move in value):
        raise DataError(f"{name} is {ascii(value)[:40]}, not a list of moves")
    return value


def _canonical(state: State, move: str) -> str:
    found, why = state.read(move)
    if found is None:
        raise DataError(f"the solution {move[:20]!r} is {why} in {state.position}")
    return found
