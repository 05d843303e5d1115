"""Examples for a command, with a word about rows that were left out.

Knows nothing about what is done with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from w2s.tasks import MoveExample


def read_file(path: Path, task: str, game: str, bad_rows: str) -> list[MoveExample]:
    """The examples of a file; ``bad_rows`` is ``error`` or ``skip``.

    Raises:
        UsageError: another word.
        DataError: a bad row, where they are not skipped.
    """
    from w2s.cli import screen
    from w2s.errors import UsageError
    from w2s.tasks import read_examples

    if bad_rows not in ("error", "skip"):
        raise UsageError(f"--bad-rows is {bad_rows!r}: write error or skip")
    complaints: list[str] = []
    skip = complaints.append if bad_rows == "skip" else None
    examples = read_examples(path, task, game, bad_row=skip)
    if complaints:
        screen.note(f"{len(complaints):,} rows left out; the first: {complaints[0]}")
    return examples
