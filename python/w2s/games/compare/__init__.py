"""Comparison of two files of labels, or of two files of games, by the rules of the game."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from w2s.errors import DataError, UsageError
from w2s.games.compare.comparison import Difference, FileComparison
from w2s.games.compare.games import compare_games
from w2s.games.compare.labels import JSONL, PARQUET, compare_labels, read_json_objects, read_label_columns
from w2s.games.records import read_games
from w2s.games.state import game

__all__ = ["Difference", "FileComparison", "compare_files"]


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
    kind = _kind(ours)
    if kind != _kind(theirs):
        raise UsageError(
            "agree-mixed-kinds",
            f"{left} contains {kind}, but {right} contains {_kind(theirs)}; give two files of one kind",
        )
    if kind == "games":
        return compare_games(name, read_games(ours), read_games(theirs), show=show)
    return compare_labels(name, read_label_columns(ours), read_label_columns(theirs), show=show)


def _kind(path: Path) -> Literal["labels", "games"]:
    suffix = path.suffix.lower()
    if suffix not in {".pgn", *PARQUET, *JSONL}:
        raise UsageError(
            "agree-unknown-format",
            f"cannot read {path}: its ending names no format; labels are .parquet or .jsonl files, games are "
            ".pgn or .jsonl files",
        )
    if not path.is_file():
        what = "is a folder; give a file in it" if path.is_dir() else "does not exist; check the name"
        raise DataError("agree-missing-file", f"{path} {what}")
    if suffix in JSONL:
        first = next((row for _, row in read_json_objects(path)), {})
        return "games" if "moves" in first and "label" not in first else "labels"
    return "games" if suffix == ".pgn" else "labels"
