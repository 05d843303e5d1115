"""Answers with several parts: tuples, sets, intervals, lists, unions and ±; parts are compared one by one.

Knows nothing about what a part means: who asks brings the comparison of two parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from w2s.tasks.checking.values import read_value

Leaf = Callable[[str, str], bool | None]
"""Whether two parts are equal; None where that cannot be told."""
MOST_PARTS = 40
_OPEN, _CLOSE = "([{", ")]}"
_AND = re.compile(r"\s*(?:[,;]\s*)?\b(?:and|or)\b\s*|\s*;\s*|\s*,\s*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_UNION = re.compile(r"\s*(?:\\cup(?![a-zA-Z])|\bU\b)\s*")
_PLUS_MINUS = re.compile(r"\\pm(?![a-zA-Z])|±")


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer taken apart.

    ``kind`` is its brackets, ``()``, ``[)``, ``{}``; ``,`` for a list without any; ``U`` for a union; empty
    for a single part.
    """

    kind: str
    parts: tuple[str, ...]

    @property
    def ordered(self) -> bool:
        """Whether the parts have an order."""
        return self.kind[:1] in ("(", "[")


def take_apart(text: str) -> Parts:
    """The parts of an answer.

    Example:
        >>> take_apart("[0, 1)"), take_apart("2 and 3").parts, take_apart("(x+1)(x-2)").kind
        (Parts(kind='[)', parts=('0', '1')), ('2', '3'), '')
    """
    text = text.strip()
    if read_value(text) is not None:
        return Parts("", (text,))
    if len(pieces := _split(text, _UNION)) > 1:
        return Parts("U", tuple(pieces))
    if len(pieces := _split(_THOUSANDS.sub("\0", text), _AND)) > 1:
        return Parts(",", tuple(piece.replace("\0", ",") for piece in pieces))
    if len(_PLUS_MINUS.findall(text)) == 1:
        return Parts(",", tuple(_PLUS_MINUS.sub(sign, text).strip().removeprefix("+") for sign in "+-"))
    return _bracketed(text)


def same_parts(left: str, right: str, leaf: Leaf) -> bool | None:
    """Whether two answers are equal part by part; None where a part could not be compared."""
    one, two = take_apart(left), take_apart(right)
    if not one.kind or not two.kind:
        return leaf(_whole(one, left), _whole(two, right))
    if len(one.parts) != len(two.parts) or not _alike(one, two):
        return False
    if len(one.parts) > MOST_PARTS:
        return None
    same = _in_order if one.ordered or two.ordered else _in_any_order
    return same(one.parts, two.parts, leaf)


def _whole(found: Parts, text: str) -> str:
    return text if found.kind else found.parts[0]


def _alike(one: Parts, two: Parts) -> bool:
    """One kind; a list without brackets is like a set and like a tuple."""
    if one.kind == two.kind:
        return True
    other = {one.kind, two.kind} - {","}
    return len(other) == 1 and other <= {"()", "{}"}


def _in_order(left: Sequence[str], right: Sequence[str], leaf: Leaf) -> bool | None:
    verdicts = [same_parts(one, two, leaf) for one, two in zip(left, right, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def _in_any_order(left: Sequence[str], right: Sequence[str], leaf: Leaf) -> bool | None:
    rest, unknown = list(right), False
    for one in left:
        verdicts = [same_parts(one, two, leaf) for two in rest]
        if True in verdicts:
            del rest[verdicts.index(True)]
        elif None in verdicts:
            unknown = True
        else:
            return False
    return None if unknown else True


def _bracketed(text: str) -> Parts:
    inside = text.replace("\\{", "{").replace("\\}", "}")
    if len(inside) < 2 or inside[0] not in _OPEN or inside[-1] not in _CLOSE or not _is_one(inside):
        return Parts("", (text,))
    pieces = _split(inside[1:-1], re.compile(r"\s*[,;]\s*"))
    if len(pieces) == 1 and inside[0] == "(":
        return take_apart(pieces[0]) if pieces[0] else Parts("()", ())
    return Parts(inside[0] + inside[-1], tuple(pieces) if any(pieces) else ())


def _is_one(text: str) -> bool:
    """Whether the first bracket closes with the last; ``[`` may close with ``)``, as intervals do."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if depth == 0:
            return place == len(text) - 1
    return False


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The pieces between separators that stand outside of all brackets."""
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
