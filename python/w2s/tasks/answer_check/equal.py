"""Equality of two final answers: by text and numbers in this process, by algebra in a guarded one."""

from __future__ import annotations

from functools import lru_cache

from w2s.tasks.answer_check.composite import composites_equal
from w2s.tasks.answer_check.scalar import scalars_equal
from w2s.tasks.answer_check.text import fold, normalize

ALGEBRA_TIMEOUT_S = 3.0
"""CPU seconds that algebra may take for one pair."""
MAX_LETTERS = 1000
"""A longer answer equals only the same text."""
MAX_DEPTH = 30
"""Nested brackets; a deeper answer equals only the same text."""


def answers_equal(left: str, right: str, *, timeout_s: float = ALGEBRA_TIMEOUT_S) -> bool:
    """Whether two final answers are equal: as text, as numbers, part by part, or by algebra.

    The relation is symmetric and reflexive. ``50%`` equals ``50`` and ``0.5``. Units are compared only if
    both answers have one, and they are not converted. A pair that takes longer than the time-out, or that
    crashes the guarded process, is unequal.

    Args:
        left: one answer, as a model or a dataset wrote it.
        right: the other answer.
        timeout_s: CPU seconds that algebra may take; the wall-clock limit is six times as long.

    Raises:
        MissingExtraError: the pair needs algebra, and math-verify is not installed.

    Example:
        >>> answers_equal("$1,250.00", "1250"), answers_equal("1/2", "0.5"), answers_equal("(1, 2)", "(2, 1)")
        (True, True, False)
    """
    verdict = equal_without_algebra(left, right)
    if verdict is None:
        return _by_algebra(*sorted((normalize(left), normalize(right))), timeout_s)
    return verdict


def equal_without_algebra(left: str, right: str) -> bool | None:
    """Whether two answers are equal; None if deciding it needs algebra."""
    if left.strip() == right.strip():
        return True
    if max(len(left), len(right)) > MAX_LETTERS:
        return False
    one, two = sorted((normalize(left), normalize(right)))
    if fold(one) == fold(two):
        return True
    return composites_equal(one, two, scalars_equal) if _is_expression(one) and _is_expression(two) else False


@lru_cache(maxsize=1 << 14)
def _by_algebra(left: str, right: str, timeout_s: float) -> bool:
    from w2s.tasks.answer_check.guard import GUARD

    return GUARD.equal(left, right, timeout_s)


def _is_expression(text: str) -> bool:
    """Whether a text can be a mathematical expression that someone wrote."""
    if not text or "__" in text or not text.isprintable():
        return False
    depth = deepest = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest <= MAX_DEPTH
