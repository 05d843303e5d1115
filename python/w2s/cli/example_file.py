"""Reads the examples of a command, and reports rows that were skipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s.tasks import Example


def read_file(
    path: Path | str, task: str, game: str, bad_rows: str, columns: str | None = None
) -> list[Example]:
    """Read the examples of a file.

    Args:
        path: the file, or the name of a data set.
        task: ``move``, ``choice`` or ``answer``.
        game: the game, if the file does not name it.
        bad_rows: ``error`` or ``skip``.
        columns: the name of a known data set, or a TOML file with a column mapping.

    Raises:
        DataError: a row cannot be used, and such rows are not skipped.
    """
    from w2s.cli import output
    from w2s.config import read_toml
    from w2s.tasks import read_examples

    complaints: list[str] = []
    skip = complaints.append if bad_rows == "skip" else None
    named = read_toml(Path(columns)) if columns and columns.endswith(".toml") else columns
    examples: list[Example] = read_examples(path, task, game, columns=named, bad_row=skip)
    if complaints:
        output.note(f"{len(complaints):,} rows skipped; the first: {complaints[0]}")
    return examples
