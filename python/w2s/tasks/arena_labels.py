"""Labels of an arena's run as examples: the positions of its matches, gold where an oracle knew it.

Knows nothing about how the arena wrote them. A match is replayed from its first position through the moves
that were played, so that every state has its history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError
from w2s.games import State, game
from w2s.tasks.move import MoveExample

_NEEDED = ("id", "game", "match", "ply", "position", "label", "played", "legal")


def examples_of(
    path: Path, table: pa.Table, rules: str, bad_row: Callable[[str], None]
) -> Iterator[MoveExample]:
    """One example per position of each match, however many players labelled it.

    Gold are the best moves that the oracles named and the labels that were found right. ``group`` is the
    match.

    Raises:
        DataError: a column is missing.
    """
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise DataError(f"{path} has no column {', '.join(missing)}: not the labels of an arena")
    oracles = [name for name in table.column_names if name.endswith("_best")]
    kept = [*_NEEDED, *(["correct"] if "correct" in table.column_names else []), *oracles]
    matches: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for row in table.select(kept).to_pylist():
        matches.setdefault(row["match"], {}).setdefault(row["ply"], []).append(row)
    for number in sorted(matches):
        yield from _match(path, matches[number], oracles, rules, bad_row)


def _match(
    path: Path,
    plies: dict[int, list[dict[str, Any]]],
    oracles: list[str],
    rules: str,
    bad_row: Callable[[str], None],
) -> Iterator[MoveExample]:
    before: State | None = None
    for ply in sorted(plies):
        rows = plies[ply]
        try:
            state = _state(before, rows[0], rules)
            yield _example(state, rows, oracles)
            before = _after(state, rows)
        except DataError as error:
            bad_row(f"{path}, id {rows[0]['id']}: {error}")
            before = None


def _state(before: State | None, row: dict[str, Any], rules: str) -> State:
    if before is not None and before.position == row["position"]:
        return before
    return game(row["game"] or rules).state(row["position"])


def _after(state: State, rows: list[dict[str, Any]]) -> State | None:
    played = [row["label"] for row in rows if row["played"]]
    return state.play(played[0]) if played else None


def _example(state: State, rows: list[dict[str, Any]], oracles: list[str]) -> MoveExample:
    named = [row[oracle] for row in rows for oracle in oracles if row[oracle] is not None]
    right = [row["label"] for row in rows if row.get("correct")]
    first = rows[0]
    group = f"{first['game']}-{first['match']}"
    return MoveExample(
        f"{group}-{first['ply']}", state, gold=tuple(dict.fromkeys([*named, *right])), group=group
    )
