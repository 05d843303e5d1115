"""Answers with several parts: tuples, sets, intervals, lists, unions and ±, compared part by part.

The caller brings the comparison of two single parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from w2s.tasks.answer_check.scalar import parse_quantity

ScalarEqual = Callable[[str, str], bool | None]
"""Whether two single parts are equal; None if unknown."""
MAX_PARTS = 40
_OPEN, _CLOSE = "([{", ")]}"
_SEPARATOR = re.compile(r"\s*(?:[,;]\s*)?\b(?:and|or)\b\s*|\s*;\s*|\s*,\s*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_UNION = re.compile(r"\s*(?:\\cup(?![a-zA-Z])|\bU\b)\s*")
_PLUS_MINUS = re.compile(r"\\pm(?![a-zA-Z])|±")


@dataclass(frozen=True, slots=True)
class Composite:
    """The parts of an answer.

    Attributes:
        kind: the brackets, such as ``()``, ``[)`` or ``{}``; ``,`` for a list without brackets; ``U`` for a
            union; empty for a single part.
        parts: the texts of the parts.
    """

    kind: str
    parts: tuple[str, ...]

    @property
    def ordered(self) -> bool:
        """Whether the parts have an order."""
        return self.kind[:1] in ("(", "[")


def parse_composite(text: str) -> Composite:
    """The parts of an answer.

    Example:
        >>> parse_composite("[0, 1)"), parse_composite("2 and 3").parts, parse_composite("(x+1)(x-2)").kind
        (Composite(kind='[)', parts=('0', '1')), ('2', '3'), '')
    """
    text = text.strip()
    if parse_quantity(text) is not None:
        return Composite("", (text,))
    if len(pieces := _split(text, _UNION)) > 1:
        return Composite("U", tuple(pieces))
    if len(pieces := _split(_THOUSANDS.sub("\0", text), _SEPARATOR)) > 1:
        return Composite(",", tuple(piece.replace("\0", ",") for piece in pieces))
    if len(_PLUS_MINUS.findall(text)) == 1:
        return Composite(",", tuple(_PLUS_MINUS.sub(sign, text).strip().removeprefix("+") for sign in "+-"))
    return _parse_brackets(text)


def composites_equal(left: str, right: str, equal: ScalarEqual) -> bool | None:
    """Whether two answers are equal part by part; None if a part could not be compared."""
    one, two = parse_composite(left), parse_composite(right)
    if not one.kind or not two.kind:
        return equal(_single(one, left), _single(two, right))
    if len(one.parts) != len(two.parts) or not _kinds_match(one, two):
        return False
    if len(one.parts) > MAX_PARTS:
        return None
    compare = _ordered_equal if one.ordered or two.ordered else _unordered_equal
    return compare(one.parts, two.parts, equal)


def _single(composite: Composite, text: str) -> str:
    return text if composite.kind else composite.parts[0]


def _kinds_match(one: Composite, two: Composite) -> bool:
    """Whether the kinds match; a list without brackets matches a set and a tuple."""
    if one.kind == two.kind:
        return True
    other = {one.kind, two.kind} - {","}
    return len(other) == 1 and other <= {"()", "{}"}


def _ordered_equal(left: Sequence[str], right: Sequence[str], equal: ScalarEqual) -> bool | None:
    verdicts = [composites_equal(one, two, equal) for one, two in zip(left, right, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def _unordered_equal(left: Sequence[str], right: Sequence[str], equal: ScalarEqual) -> bool | None:
    rest, unknown = list(right), False
    for one in left:
        verdicts = [composites_equal(one, two, equal) for two in rest]
        if True in verdicts:
            del rest[verdicts.index(True)]
        elif None in verdicts:
            unknown = True
        else:
            return False
    return None if unknown else True


def _parse_brackets(text: str) -> Composite:
    inside = text.replace("\\{", "{").replace("\\}", "}")
    if len(inside) < 2 or inside[0] not in _OPEN or inside[-1] not in _CLOSE or not _is_enclosed(inside):
        return Composite("", (text,))
    pieces = _split(inside[1:-1], re.compile(r"\s*[,;]\s*"))
    if len(pieces) == 1 and inside[0] == "(":
        return parse_composite(pieces[0]) if pieces[0] else Composite("()", ())
    return Composite(inside[0] + inside[-1], tuple(pieces) if any(pieces) else ())


def _is_enclosed(text: str) -> bool:
    """Whether the last bracket closes the first; ``[`` may close with ``)``, as in intervals."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if depth == 0:
            return place == len(text) - 1
    return False


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The pieces between separators outside of all brackets."""
    depths, depth = [], 0
    for letter in text:
        depth -= letter in _CLOSE
        depths.append(depth)
        depth += letter in _OPEN
    pieces, start = [], 0
    for found in separator.finditer(text):
        if found[0] and depths[found.start()] == 0:
            pieces.append(text[start : found.start()].strip())
            start = found.end()
    return [*pieces, text[start:].strip()]
