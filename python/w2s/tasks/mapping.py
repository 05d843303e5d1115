"""What readers of rows share: which columns a source has, and the values that every example has.

Knows nothing about tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from w2s.config import Config
from w2s.errors import DataError
from w2s.tasks.columns import Published
from w2s.tasks.rows import Row, field, text
from w2s.tasks.rows.fields import has

AnyColumns = TypeVar("AnyColumns", bound=Config)


def columns_by_names(first: Row, ready: Mapping[str, Published], otherwise: AnyColumns) -> AnyColumns:
    """The first ready mapping whose columns a row has."""
    for published in ready.values():
        if all(has(first.values, name) for name in published.known_by):
            if not isinstance(published.columns, type(otherwise)):
                raise TypeError(f"{published.columns} are no {type(otherwise).__name__}")
            return published.columns
    return otherwise


def check(source: str | Path, first: Row, columns: Config, needed: Iterable[str]) -> None:
    """Whether a source has the columns that are needed, and those that somebody named.

    Raises:
        DataError: it lacks one; those that it has are named.
    """
    said = [getattr(columns, name) for name in _SINGLE if name in columns.model_fields_set]
    missing = [name for name in dict.fromkeys([*needed, *said]) if name and not has(first.values, name)]
    if missing:
        raise DataError(
            f"{source} has no column {', '.join(missing)}; it has: {', '.join(map(str, first.values))}: "
            "say which is which in columns"
        )


_SINGLE = ("answer", "context", "solution", "difficulty", "group", "id")


def id_of(row: Row, column: str) -> str:
    """The id that the source gives, else the name of the row."""
    found = field(row.values, column)
    return row.name if found is None or found == "" else text(found, column)


def optional_text(values: Mapping[str, Any], column: str | None) -> str | None:
    """A text that may be missing."""
    found = field(values, column) if column else None
    return None if found is None or found == "" else text(found, str(column))
