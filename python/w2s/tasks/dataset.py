"""Reading examples from a file or a published dataset; each task brings its formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from w2s import kernels
from w2s.assets import arenas_folder
from w2s.errors import DataError, UsageError
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample
from w2s.tasks.registry import get_task
from w2s.tasks.row_sources import is_hub
from w2s.tasks.rows import OnBadRow
from w2s.tasks.task import Example, ReadOptions

if TYPE_CHECKING:
    from w2s.tasks.column_mapping import ColumnsSpec

_BUNDLED = "puzzles:"


@overload
def read_examples(
    path: str | Path,
    task: Literal["move"] = "move",
    game: str = "chess",
    *,
    columns: ColumnsSpec = None,
    bad_row: Callable[[str], None] | None = None,
) -> list[MoveExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: Literal["choice"],
    game: str = "chess",
    *,
    columns: ColumnsSpec = None,
    bad_row: Callable[[str], None] | None = None,
) -> list[ChoiceExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: Literal["answer"],
    game: str = "chess",
    *,
    columns: ColumnsSpec = None,
    bad_row: Callable[[str], None] | None = None,
) -> list[AnswerExample]: ...


@overload
def read_examples(
    path: str | Path,
    task: str,
    game: str = "chess",
    *,
    columns: ColumnsSpec = None,
    bad_row: Callable[[str], None] | None = None,
) -> list[Any]: ...


def read_examples(
    path: str | Path,
    task: str = "move",
    game: str = "chess",
    *,
    columns: ColumnsSpec = None,
    bad_row: Callable[[str], None] | None = None,
) -> list[Any]:
    """The examples of a file, in order; ids are unique.

    Args:
        path: for ``move``: puzzles or labels of w2s (``.parquet``), Lichess puzzles (``.csv``, with or
            without a header), ``.epd``, ``.fen``, ``.pgn`` (the move played in a position is its gold), the
            folder of an arena run, or ``puzzles:GAME``, the bundled puzzles. For ``choice`` and ``answer``:
            ``.jsonl``, ``.json``, ``.csv``, ``.tsv``, ``.parquet``, or a published dataset,
            ``hf:OWNER/NAME?config=NAME&split=NAME``. A remote file such as ``s3://bucket/puzzles.csv`` is
            fetched first.
        task: the kind of example: ``move``, ``choice`` or ``answer``.
        game: the game, for files that do not name one.
        columns: which column holds what, for ``choice`` and ``answer``: a configuration, its TOML table, or
            the name of a known dataset such as ``sciq``. By default it is detected from the column names.
        bad_row: called with a message for each row that cannot be used, which is then skipped. By default
            such a row raises an error.

    Returns:
        A list of :class:`MoveExample`, :class:`ChoiceExample` or :class:`AnswerExample`.

    Raises:
        UsageError: the task, game, format or columns are unknown.
        DataError: the file cannot be read or contains no example, or a row is invalid; the message has the
            file and the line.

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
    kind = get_task(task)
    if game not in kernels.game_names():
        raise UsageError(
            "game-unknown", f"no game is called {game!r}; the games are: {', '.join(kernels.game_names())}"
        )
    options = ReadOptions(game, columns, _refuse if bad_row is None else _report_to(bad_row))
    with _place(path, task) as source:
        examples: list[Example] = list(kind.read(source, options))
    if not examples:
        raise DataError("task-no-examples", f"{path} contains no usable example")
    _check_ids(path, examples)
    return examples


def bundled_puzzles() -> list[str]:
    """Names of the bundled puzzles."""
    return sorted(path.stem for path in (arenas_folder() / "puzzles").glob("*.parquet"))


@contextmanager
def _place(path: str | Path, task: str) -> Iterator[str | Path]:
    """The name of a published dataset, or a local file; a remote file is here as long as the context."""
    if "://" in str(path):
        from w2s.tables.inputs import remote_file
        from w2s.tables.mirror import remote_names

        with remote_names():
            remote = remote_file(str(path))
            yield _file(Path(path)) if remote is None else remote.path
    elif task != "move" and is_hub(path):
        yield path
    else:
        yield _file(Path(path))


def _file(path: Path) -> Path:
    if str(path).startswith(_BUNDLED):
        return _bundled_file(str(path).removeprefix(_BUNDLED))
    if path.is_dir():
        path = path / "labels.parquet"
    if not path.is_file():
        raise DataError("task-file-missing", f"there is no file {path}")
    return path


def _bundled_file(name: str) -> Path:
    names = bundled_puzzles()
    if name not in names:
        raise DataError(
            "task-unknown-puzzles",
            f"no bundled puzzles are called {name[:40]!r}; bundled are: {', '.join(names) or 'none'}",
        )
    return arenas_folder() / "puzzles" / f"{name}.parquet"


def _refuse(error: DataError) -> None:
    raise DataError(
        error.code,
        f"{error}; correct it, or skip such rows with --bad-rows skip, in a chain with bad_rows",
    ) from None


def _report_to(bad_row: Callable[[str], None]) -> OnBadRow:
    return lambda error: bad_row(str(error))


def _check_ids(path: str | Path, examples: Sequence[Example]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise DataError(
                "task-duplicate-id", f"{path}: duplicate id {example.id[:40]!r}; ids must be unique"
            )
        seen.add(example.id)
