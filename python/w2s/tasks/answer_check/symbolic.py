"""Equality of two expressions by algebra, with math-verify; runs only in the guarded process.

A grammar parses the text as LaTeX; no part of it is evaluated as Python.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from w2s.tasks.answer_check.scalar import split_unit

_OPERAND = re.compile(r"\s*(?:[-+]?\d+(?:\.\d+)?(?!\w)|\w+|\([^()]*\))")
_PLAIN = (
    (re.compile(r"(?<!\\)\bsqrt\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"\\sqrt\s*\(([^()]*)\)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![\\a-zA-Z])(pi|infty|sin|cos|tan|ln|log|theta)(?![a-zA-Z])"), r"\\\1 "),
    (re.compile(r"(?<![\\a-zA-Z])(?:infinity|inf)(?![a-zA-Z])"), r"\\infty "),
    (re.compile(r"<="), r"\\le "),
    (re.compile(r">="), r"\\ge "),
    (re.compile(r"(?<!\\)\*"), r"\\cdot "),
    (re.compile(r"(?<=\d)%"), r"\\%"),
)


def expressions_equal(left: str, right: str) -> bool:
    """Whether two expressions are equal, with either one as math-verify's reference.

    Units are compared only if both expressions have one.
    """
    from math_verify import verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    (left, left_unit), (right, right_unit) = split_unit(left), split_unit(right)
    one, two = _parse(left), _parse(right)
    if not one or not two or (left_unit and right_unit and left_unit != right_unit):
        return False
    return any(verify(*pair, timeout_seconds=None) for pair in ((one, two), (two, one)))


@lru_cache(maxsize=256)
def _parse(text: str) -> list[Any]:
    from latex2sympy2_extended.math_normalization import NormalizationConfig
    from math_verify import LatexExtractionConfig, parse

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    text = _powers(text)
    for pattern, latex in _PLAIN:
        text = pattern.sub(latex, text)
    tidy = NormalizationConfig(malformed_operators=True, nits=True, units=False)  # 5t is 5*t, not 5 tonnes
    found: list[Any] = parse(
        f"${text}$",
        [LatexExtractionConfig(normalization_config=tidy)],
        fallback_mode="no_fallback",
        parsing_timeout=None,
    )
    return found


def _powers(text: str) -> str:
    """``a**b**c`` as LaTeX; powers associate to the right: ``a^{b^{c}}``."""
    end = len(text)
    while (at := text.rfind("**", 0, end)) >= 0:
        end = at
        if found := _OPERAND.match(text, at + 2):
            close = _power_end(text, found.end())
            text = f"{text[:at]}^{{{text[at + 2 : close].strip()}}}{text[close:]}"
    return text


def _power_end(text: str, start: int) -> int:
    """The end of the power that begins at ``start``; ``start`` itself if none does."""
    if not text.startswith("^{", start):
        return start
    depth = 0
    for place in range(start + 1, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place + 1
    return start
