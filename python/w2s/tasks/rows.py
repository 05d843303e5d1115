"""One row of a source, and its values as text and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from w2s.errors import DataError

OnBadRow = Callable[[DataError], None]
"""Called for a row that cannot be used; the error names the file, the place and the reason."""
Values = Mapping[str, Any]
_SHOWN = 40
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """The named values of one row.

    Attributes:
        place: file and line or row number, for messages.
        name: an id for rows without one; unique within the source.
        values: the values by column name; tables may be nested.
    """

    place: str
    name: str
    values: Values

    def has(self, column: str) -> bool:
        """Whether the row has a column, even an empty one."""
        try:
            _lookup(self.values, column)
        except KeyError:
            return False
        return True

    def get(self, column: str) -> Any:
        """A value by its column, None if there is none; ``question.stem`` leads into a nested table.

        Example:
            >>> Row("file, row 1", "a", {"question": {"stem": "Why?"}}).get("question.stem")
            'Why?'
        """
        try:
            return _lookup(self.values, column)
        except KeyError:
            return None

    def text(self, column: str) -> str:
        """A value as text; see :func:`as_text`."""
        return as_text(self.get(column), column)

    def optional_text(self, column: str | None) -> str | None:
        """A value as text; None if no column is named or the value is empty."""
        value = self.get(column) if column else None
        return None if value is None or value == "" else as_text(value, str(column))

    def optional_number(self, column: str | None) -> float | None:
        """A value as a number; None if no column is named or the value is empty; see :func:`as_number`."""
        return as_number(self.get(column), column) if column else None

    def id(self, column: str) -> str:
        """The id in a column, else the name of the row."""
        return self.optional_text(column) or self.name


def _lookup(values: Values, column: str) -> Any:
    if column in values:
        return values[column]
    first, point, rest = column.partition(".")
    inner = values.get(first)
    if not point or not isinstance(inner, Mapping):
        raise KeyError(column)
    return _lookup(inner, rest)


def located(place: str, error: DataError) -> DataError:
    """The same error; its message begins with the place."""
    return DataError(error.code, f"{place}: {error}")


def as_text(value: Any, name: str) -> str:
    """A value as text without surrounding spaces; numbers become text.

    Raises:
        DataError: it is not text, is empty, or contains a null byte or invalid Unicode.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataError("task-not-text", f"{name} is {ascii(value)[:_SHOWN]}, not text")
    text = str(value).strip()
    if not text:
        raise DataError("task-empty-text", f"{name} is empty")
    if "\0" in text:
        raise DataError("task-null-byte", f"{name} contains a null byte: {ascii(text)[:_SHOWN]}")
    if _SURROGATE.search(text):
        raise DataError("task-invalid-unicode", f"{name} is not valid Unicode: {ascii(text)[:_SHOWN]}")
    return text


def as_number(value: Any, name: str) -> float | None:
    """A value as a number; ``Level 5`` is 5; None for an empty value or a question mark.

    Raises:
        DataError: it is anything else, or not finite.
    """
    if value is None or value == "":
        return None
    word = str(value).strip().removeprefix("Level ").strip()
    if word == "?":
        return None
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError("task-not-number", f"{name} is {ascii(value)[:_SHOWN]}, not a number")
    return number
