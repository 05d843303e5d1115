"""Do two files of labels, or of games, mean the same moves and states?

Knows nothing about how a comparison is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from w2s.errors import UsageError
from w2s.games.compared import Comparison
from w2s.games.compared_games import compare_games
from w2s.games.compared_labels import compare_labels
from w2s.games.label_files import JSONL, PARQUET, json_objects, read_labels
from w2s.games.records import read_games
from w2s.games.state import game


def compare_files(name: str, left: str | Path, right: str | Path, *, show: int = 5) -> Comparison:
    """Compare two files of labels (Parquet, JSON lines) or two files of games (PGN, JSON lines).

    Labels are rows of ``label`` with ``id`` or ``position``. They are joined by ``id`` where both files
    have it, else by the key of the position; never by the order of the rows. Games are joined by the round
    or match number where all have one of their own, else by their number in the file.

    Args:
        name: of the game.
        left: one file.
        right: the other.
        show: how many differences are described.

    Raises:
        UsageError: no game has that name, or one file holds labels and the other games.
        DataError: a file cannot be read, lacks a column, or names a row twice.
    """
    game(name)
    ours, theirs = Path(left), Path(right)
    kind = _kind(ours)
    if kind != _kind(theirs):
        raise UsageError(f"{left} holds {kind}, but {right} {_kind(theirs)}: give two files of one kind")
    if kind == "games":
        return compare_games(name, read_games(ours), read_games(theirs), show=show)
    return compare_labels(name, read_labels(ours), read_labels(theirs), show=show)


def _kind(path: Path) -> Literal["labels", "games"]:
    suffix = path.suffix.lower()
    if suffix == ".pgn":
        return "games"
    if suffix in PARQUET:
        return "labels"
    if suffix in JSONL:
        first = next((row for _, row in json_objects(path)), {})
        return "games" if "moves" in first and "label" not in first else "labels"
    raise UsageError(f"{path}: labels are .parquet or .jsonl files, games .pgn or .jsonl files")
