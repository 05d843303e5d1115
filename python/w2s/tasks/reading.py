"""A file of examples of any known format → examples.

Knows nothing about the formats themselves: the ending and the first bytes say which reader is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from w2s import kernels
from w2s.bundled import arenas_folder
from w2s.errors import DataError, UsageError
from w2s.tasks.move import MoveExample

Complain = Callable[[str], None]
"""Told about a row that cannot be used: one line with file, place and reason."""

FORMATS = (
    ".parquet (puzzles, labels), .csv (Lichess puzzles), .epd, .fen, .pgn, the folder of a run, or "
    "puzzles:GAME"
)
TASKS = ("move",)
BUNDLED = "puzzles:"
"""Before the name of bundled puzzles: ``puzzles:chess``."""


def read_examples(
    path: str | Path, task: str = "move", game: str = "chess", *, bad_row: Complain | None = None
) -> list[MoveExample]:
    """The examples of a file, in its order, each with an id that is unique in it.

    Args:
        path: our puzzles or labels (``.parquet``), Lichess puzzles (``.csv``, with or without a header),
            ``.epd`` and ``.fen``, ``.pgn`` (every move of a game is its position's gold), the folder of an
            arena's run, or ``puzzles:GAME``, the puzzles that come with w2s.
        task: kind of example; ``move``.
        game: whose rules hold where the file does not say it.
        bad_row: called for each row that cannot be used, which is then left out; without it such a row is
            an error.

    Raises:
        UsageError: no such task, game or format.
        DataError: the file cannot be read, holds no example, or a row is bad: file and line are named.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from w2s.tasks import read_examples
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "puzzles.csv"
        ...     _ = path.write_text("7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,900")
        ...     [(example.id, example.gold, example.state.played) for example in read_examples(path)]
        [('puzzles-1', ('a1a8',), 'h8g8')]
    """
    if task not in TASKS:
        raise UsageError(f"no task is called {task!r}; the tasks are: {', '.join(TASKS)}")
    if game not in kernels.game_names():
        raise UsageError(f"no game is called {game!r}; the games are: {', '.join(kernels.game_names())}")
    found = list(_read(_file(Path(path)), game, bad_row or _refuse))
    if not found:
        raise DataError(f"{path} holds no example that can be used")
    _check_ids(path, found)
    return found


def _read(path: Path, game: str, bad_row: Complain) -> Iterator[MoveExample]:
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        from w2s.tasks.tables import read_table

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
    raise UsageError(f"{path}: examples are read from {FORMATS}")


def bundled_puzzles() -> list[str]:
    """Names of the puzzles that come with w2s."""
    return sorted(path.stem for path in (arenas_folder() / "puzzles").glob("*.parquet"))


def _file(path: Path) -> Path:
    if str(path).startswith(BUNDLED):
        return _bundled(str(path).removeprefix(BUNDLED))
    if path.is_dir():
        path = path / "labels.parquet"
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    return path


def _bundled(name: str) -> Path:
    names = bundled_puzzles()
    if name not in names:
        raise DataError(f"no puzzles are called {name[:40]!r}; bundled are: {', '.join(names) or 'none'}")
    return arenas_folder() / "puzzles" / f"{name}.parquet"


def _only(rules: str, game: str, path: Path) -> Path:
    if game != rules:
        raise UsageError(f"{path} is of a format of {rules}; examples of {game} are read from .parquet")
    return path


def _refuse(message: str) -> None:
    raise DataError(message)


def _check_ids(path: str | Path, examples: list[MoveExample]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise DataError(f"{path}: the id {example.id[:40]!r} stands there twice; ids join tables")
        seen.add(example.id)
