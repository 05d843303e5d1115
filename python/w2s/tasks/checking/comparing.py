"""Whether two final answers mean the same.

Knows nothing about examples. What can be told from text and numbers is told at once; algebra is done in a
guarded process with a time-out.
"""

from __future__ import annotations

from functools import lru_cache

from w2s.tasks.checking.parts import same_part
from w2s.tasks.checking.structures import same_parts
from w2s.tasks.checking.text import folded, plain

TIMEOUT_S = 3.0
"""Seconds of the processor that algebra may take for one pair."""
MOST_LETTERS = 1000
"""A longer answer equals only its own text."""
MOST_NESTED = 30
"""Brackets within brackets; a deeper answer equals only its own text."""


def same_answer(left: str, right: str, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether two final answers are equal: as text, as numbers, part by part, or by algebra.

    The order of the two does not matter, and an answer is always equal to itself. ``50%`` equals ``50`` and
    ``0.5``; units count only where both answers have one; units are not converted. A pair that takes longer
    than the time-out, or that breaks the process that compares, is unequal.

    Args:
        left: one answer, as a model or a data set wrote it.
        right: the other.
        timeout_s: seconds of the processor that algebra may take; on the clock at most six times as many.

    Raises:
        MissingExtraError: the pair takes algebra, and math-verify is not installed.

    Example:
        >>> same_answer("$1,250.00", "1250"), same_answer("1/2", "0.5"), same_answer("(1, 2)", "(2, 1)")
        (True, True, False)
    """
    verdict = told(left, right)
    if verdict is None:
        return _by_algebra(*sorted((plain(left), plain(right))), timeout_s)
    return verdict


def told(left: str, right: str) -> bool | None:
    """Whether two answers are equal, as far as that can be told without algebra; None where it cannot."""
    if left.strip() == right.strip():
        return True
    if max(len(left), len(right)) > MOST_LETTERS:
        return False
    one, two = sorted((plain(left), plain(right)))
    if folded(one) == folded(two):
        return True
    return same_parts(one, two, same_part) if _can_be_asked(one) and _can_be_asked(two) else False


@lru_cache(maxsize=1 << 14)
def _by_algebra(left: str, right: str, timeout_s: float) -> bool:
    from w2s.tasks.checking.guard import GUARD

    return GUARD.same(left, right, timeout_s)


def _can_be_asked(text: str) -> bool:
    """Whether a text can be an expression that someone wrote down."""
    if not text or "__" in text or not text.isprintable():
        return False
    depth = deepest = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest <= MOST_NESTED
