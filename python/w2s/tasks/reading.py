"""A file of examples, or a published data set → examples.

Knows nothing about formats: the task says who reads its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from w2s import kernels
from w2s.assets import arenas_folder
from w2s.errors import DataError, UsageError
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample
from w2s.tasks.registry import Example, task_named
from w2s.tasks.rows.hub import is_hub
from w2s.tasks.task import Complain, Reading

if TYPE_CHECKING:
    from w2s.tasks.columns import Named

BUNDLED = "puzzles:"
"""Before the name of bundled puzzles: ``puzzles:chess``."""


@overload
def read_examples(
    path: str | Path,
    task: Literal["move"] = "move",
    game: str = "chess",
    *,
    columns: Named = None,
    bad_row: Complain | None = None,
) -> list[MoveExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: Literal["choice"],
    game: str = "chess",
    *,
    columns: Named = None,
    bad_row: Complain | None = None,
) -> list[ChoiceExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: Literal["answer"],
    game: str = "chess",
    *,
    columns: Named = None,
    bad_row: Complain | None = None,
) -> list[AnswerExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: str,
    game: str = "chess",
    *,
    columns: Named = None,
    bad_row: Complain | None = None,
) -> list[Any]: ...


def read_examples(
    path: str | Path,
    task: str = "move",
    game: str = "chess",
    *,
    columns: Named = None,
    bad_row: Complain | None = None,
) -> list[Any]:
    """The examples of a file, in its order, each with an id that is unique in it.

    Args:
        path: for ``move`` our puzzles or labels (``.parquet``), Lichess puzzles (``.csv``, with or without a
            header), ``.epd`` and ``.fen``, ``.pgn`` (every move of a game is its position's gold), the folder
            of an arena's run, or ``puzzles:GAME``, the puzzles that come with w2s. For ``choice`` and
            ``answer`` ``.jsonl``, ``.json``, ``.csv``, ``.tsv``, ``.parquet``, or a published data set,
            ``hf:OWNER/NAME?config=NAME&split=NAME``.
        task: kind of example: ``move``, ``choice`` or ``answer``.
        game: whose rules hold where the file does not say it.
        columns: which column holds what, for ``choice`` and ``answer``: a configuration, its table, the name
            of a ready one such as ``sciq``; without it the names of the columns tell.
        bad_row: called for each row that cannot be used, which is then left out; without it such a row is
            an error.

    Raises:
        UsageError: no such task, game, format or ready columns.
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
    kind = task_named(task)
    if game not in kernels.game_names():
        raise UsageError(f"no game is called {game!r}; the games are: {', '.join(kernels.game_names())}")
    named = task != "move" and is_hub(path)
    source = path if named else _file(Path(path))
    found: list[Example] = list(kind.read(source, Reading(game, columns, bad_row or _refuse)))
    if not found:
        raise DataError(f"{path} holds no example that can be used")
    _check_ids(path, found)
    return found


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


def _refuse(message: str) -> None:
    raise DataError(f"{message}; mend it, or leave such rows out: --bad-rows skip, in a chain bad_rows")


def _check_ids(path: str | Path, examples: Sequence[Example]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise DataError(f"{path}: the id {example.id[:40]!r} stands there twice; ids join tables")
        seen.add(example.id)
