"""One row, and its values as text and numbers.

Knows nothing about files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from w2s.errors import DataError

Values = Mapping[str, Any]
_SHOWN = 40
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """Names and values. ``place`` says where it stands, for messages; ``name`` is unique among its like."""

    place: str
    name: str
    values: Values


def field(values: Values, name: str) -> Any:
    """A value by its name; a point leads into a table: ``question.stem``. None where there is none.

    Example:
        >>> field({"question": {"stem": "Why?"}}, "question.stem"), field({}, "id")
        ('Why?', None)
    """
    if name in values:
        return values[name]
    first, point, rest = name.partition(".")
    inner = values.get(first)
    return field(inner, rest) if point and isinstance(inner, Mapping) else None


def has(values: Values, name: str) -> bool:
    """Whether a row has a column, even an empty one."""
    if name in values:
        return True
    first, point, rest = name.partition(".")
    inner = values.get(first)
    return bool(point) and isinstance(inner, Mapping) and has(inner, rest)


def text(value: Any, name: str) -> str:
    """A value as text without spaces around it; numbers become text.

    Raises:
        DataError: it is no text, it is empty, or it holds what no text can hold.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataError(f"{name} is {ascii(value)[:_SHOWN]}, not text")
    found = str(value).strip()
    if not found:
        raise DataError(f"{name} is empty")
    if "\0" in found:
        raise DataError(f"{name} holds a null byte: {ascii(found)[:_SHOWN]}")
    if _HALF.search(found):
        raise DataError(f"{name} is not valid Unicode: {ascii(found)[:_SHOWN]}")
    return found


def number(value: Any, name: str) -> float | None:
    """A value as a number; ``Level 5`` is 5; None where there is none, or a question mark.

    Raises:
        DataError: it is something else.
    """
    if value is None or value == "":
        return None
    word = str(value).strip().removeprefix("Level ").strip()
    if word == "?":
        return None
    try:
        found = float(word)
    except ValueError:
        raise DataError(f"{name} is {ascii(value)[:_SHOWN]}, no number") from None
    if not math.isfinite(found):
        raise DataError(f"{name} is {ascii(value)[:_SHOWN]}, no number")
    return found
