"""Two single answers compared without mathematics: as text, as numbers, as words.

Knows nothing about expressions: where it would take algebra, it cannot tell.
"""

from __future__ import annotations

import re

from w2s.tasks.checking.text import folded
from w2s.tasks.checking.values import read_value, same_value

_NAMED = re.compile(r"(\\?[A-Za-z][A-Za-z]{0,10}(?:_\{?\w{1,5}\}?)?(?:\([a-z]\))?)\s*=\s*([^=<>]+)")
_WORDS = re.compile(r"[^\W\d_]+(?:[\s'’-]+[^\W\d_]+)*")


def same_part(left: str, right: str) -> bool | None:
    """Whether two single answers are equal; None where that takes algebra.

    Example:
        >>> same_part("1/2", "0.5"), same_part("x = 5", "5"), same_part("red", "blue"), same_part("2x", "x+x")
        (True, True, False, None)
    """
    if folded(left) == folded(right):
        return True
    one, two = _NAMED.fullmatch(left), _NAMED.fullmatch(right)
    if one and two and one[1] != two[1]:
        return None
    if one or two:
        return same_part(one[2] if one else left, two[2] if two else right)
    return _unnamed(left, right)


def _unnamed(left: str, right: str) -> bool | None:
    one, two = read_value(left), read_value(right)
    if one is not None and two is not None:
        return same_value(one, two)
    if all(value is not None or _WORDS.fullmatch(text) for value, text in ((one, left), (two, right))):
        return False
    return None
