"""Labels of an arena run as examples: the positions of its matches, with gold where an oracle knew it.

A match is replayed from its first position, so that every state has its history.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError
from w2s.games import State, game
from w2s.tasks.move import MoveExample
from w2s.tasks.rows import OnBadRow, located

ARENA_COLUMNS = frozenset({"match", "ply", "played", "label"})
"""A table with these columns holds labels of an arena run."""
_NEEDED = ("id", "game", "match", "ply", "position", "label", "played", "legal")


def read_arena_labels(path: Path, table: pa.Table, rules: str, on_bad_row: OnBadRow) -> Iterator[MoveExample]:
    """One example per position of each match, even if several players labelled it.

    Gold moves are the best moves of the oracles and the labels that were judged right. ``group`` is the
    match.

    Raises:
        DataError: a column is missing.
    """
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise DataError(
            "task-missing-column", f"{path} has no column {', '.join(missing)}; arena labels need it"
        )
    oracles = [name for name in table.column_names if name.endswith("_best")]
    kept = [*_NEEDED, *(["correct"] if "correct" in table.column_names else []), *oracles]
    matches: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for row in table.select(kept).to_pylist():
        matches.setdefault(row["match"], {}).setdefault(row["ply"], []).append(row)
    for number in sorted(matches):
        yield from _match(path, matches[number], oracles, rules, on_bad_row)


def _match(
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
            state = _state(before, rows[0], rules)
            yield _example(state, rows, oracles)
            before = _after(state, rows)
        except DataError as error:
            on_bad_row(located(f"{path}, id {rows[0]['id']}", error))
            before = None


def _state(before: State | None, row: dict[str, Any], rules: str) -> State:
    if before is not None and before.position == row["position"]:
        return before
    return game(row["game"] or rules).state(row["position"])


def _after(state: State, rows: list[dict[str, Any]]) -> State | None:
    played = [row["label"] for row in rows if row["played"]]
    return state.play(played[0]) if played else None


def _example(state: State, rows: list[dict[str, Any]], oracles: list[str]) -> MoveExample:
    best = [row[oracle] for row in rows for oracle in oracles if row[oracle] is not None]
    right = [row["label"] for row in rows if row.get("correct")]
    first = rows[0]
    group = f"{first['game']}-{first['match']}"
    return MoveExample(
        f"{group}-{first['ply']}", state, gold=tuple(dict.fromkeys([*best, *right])), group=group
    )
