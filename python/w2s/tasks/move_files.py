"""A file of positions of any known format → examples of moves.

Knows nothing about the formats themselves: the ending and the first bytes say which reader is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from w2s.errors import UsageError
from w2s.tasks.move import MoveExample

FORMATS = (
    ".parquet (puzzles, labels), .csv (Lichess puzzles), .epd, .fen, .pgn, the folder of a run, or "
    "puzzles:GAME"
)


def read_moves_of(path: Path, game: str, bad_row: Callable[[str], None]) -> Iterator[MoveExample]:
    """The examples of a file; ``game`` is whose rules hold where it does not say so.

    Raises:
        UsageError: the format is not known, or is another game's.
        DataError: the file cannot be read, or a row is bad and ``bad_row`` says so.
    """
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        from w2s.tasks.move_rows import read_table

        return read_table(path, game, bad_row)
    if suffix == ".csv":
        from w2s.tasks.lichess import read_lichess

        return read_lichess(_only("chess", game, path), bad_row)
    if suffix in (".epd", ".fen"):
        from w2s.tasks.epd import read_epd

        return read_epd(path, game, bad_row)
    if suffix == ".pgn":
        from w2s.tasks.games import read_moves

        return read_moves(_only("chess", game, path))
    raise UsageError(
        f"{path}: positions are read from {FORMATS}; of questions name the task: --task choice or answer"
    )


def _only(rules: str, game: str, path: Path) -> Path:
    if game != rules:
        raise UsageError(f"{path} is of a format of {rules}; examples of {game} are read from .parquet")
    return path
