"""Reads the examples of a command, and reports rows that were skipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s.tasks import Example
    from w2s.tasks.column_mapping import ColumnsSpec


def read_file(
    path: Path | str, task: str, game: str, bad_rows: str, columns: str | None = None
) -> list[Example]:
    """Read the examples of a file.

    Args:
        path: the file, or the name of a data set.
        task: ``move``, ``choice`` or ``answer``.
        game: the game, if the file does not name it.
        bad_rows: ``error`` or ``skip``.
        columns: the name of a known data set, a TOML file with a column mapping, or ``KEY=COLUMN,…``.

    Raises:
        UsageError: the column mapping is invalid.
        DataError: a row cannot be used, and such rows are not skipped.
    """
    from w2s.cli import output
    from w2s.config import read_toml
    from w2s.tasks import read_examples

    complaints: list[str] = []
    skip = complaints.append if bad_rows == "skip" else None
    named: ColumnsSpec = columns
    if columns and columns.endswith(".toml"):
        named = read_toml(Path(columns))
    elif columns and "=" in columns:
        named = parse_column_mapping(columns)
    examples: list[Example] = read_examples(path, task, game, columns=named, bad_row=skip)
    if complaints:
        output.note(f"{len(complaints):,} rows skipped; the first: {complaints[0]}")
    return examples


def parse_column_mapping(text: str) -> dict[str, str | bool | list[str]]:
    """The mapping in ``KEY=COLUMN,…``; a key that is repeated takes several columns, in their order.

    Raises:
        UsageError: a part is not of the form KEY=COLUMN.

    Example:
        >>> parse_column_mapping("question=q,options=A,options=B,shuffle=true")
        {'question': 'q', 'options': ['A', 'B'], 'shuffle': True}
    """
    from w2s.errors import UsageError

    found: dict[str, list[str]] = {}
    for part in text.split(","):
        key, equals, column = (word.strip() for word in part.partition("="))
        if not (key and equals and column):
            raise UsageError(
                "cli-invalid-column-mapping",
                f"--column-mapping has {part!r}, which is not KEY=COLUMN; write question=q,answer=a",
            )
        found.setdefault(key, []).append(column)
    flags = {"true": True, "false": False}
    return {
        key: columns
        if len(columns) > 1
        else flags[columns[0]]
        if key == "shuffle" and columns[0] in flags
        else columns[0]
        for key, columns in found.items()
    }
