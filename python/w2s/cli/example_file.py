"""Examples for a command, with a word about rows that were left out.

Knows nothing about what is done with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s.tasks import Example


def read_file(
    path: Path | str, task: str, game: str, bad_rows: str, columns: str | None = None
) -> list[Example]:
    """The examples of a file; ``bad_rows`` is ``error`` or ``skip``, ``columns`` a name or a TOML file.

    Raises:
        UsageError: another word.
        DataError: a bad row, where they are not skipped.
    """
    from w2s.cli import screen
    from w2s.config import read_toml
    from w2s.errors import UsageError
    from w2s.tasks import read_examples

    if bad_rows not in ("error", "skip"):
        raise UsageError(f"--bad-rows is {bad_rows!r}: write error or skip")
    complaints: list[str] = []
    skip = complaints.append if bad_rows == "skip" else None
    named = read_toml(Path(columns)) if columns and columns.endswith(".toml") else columns
    examples: list[Example] = read_examples(path, task, game, columns=named, bad_row=skip)
    if complaints:
        screen.note(f"{len(complaints):,} rows left out; the first: {complaints[0]}")
    return examples
