"""Numbers as people write them: separators, signs of money, percent, units, fractions, powers of ten.

Knows nothing about expressions: what is no single number has no value here. Nothing is evaluated that could
grow: digits and exponents are bounded before a number is made of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from w2s.tasks.checking.units import unit_of

MOST_DIGITS = 200
"""Longer numbers are compared as text."""
_MOST_EXPONENT = 300
_PLACES = 6
_FACTORS = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_MONEY = "$€£¥₹₽₩"
_DECIMAL = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d*)?|\.\d+"
_WHOLE = rf"(?P<number>{_DECIMAL})"
_POWER = r"(?P<power>[eE][-+]?\d+|\s*(?:\\times|\\cdot|\*|[xX])\s*10\s*(?:\^|\*\*)\s*\{?\s*[-+]?\d+\s*\}?)?"
_FRACTION = (
    r"(?:(?P<whole>\d+)\s*(?:\s|\+|(?=\\)))?"
    r"(?:(?P<over>\d[\d,]*(?:\.\d+)?)\s*/\s*(?P<under>\d[\d,]*(?:\.\d+)?)"
    r"|\\frac\s*(?:\{\s*(?P<top>-?\d+(?:\.\d+)?)\s*\}|(?P<top1>\d))"
    r"\s*(?:\{\s*(?P<bottom>\d+(?:\.\d+)?)\s*\}|(?P<bottom1>\d)))"
)
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<money>[{_MONEY}]?)\s*(?P<sign2>[-+]?)\s*(?:{_FRACTION}|{_WHOLE}{_POWER})"
    r"(?P<rest>.*)",
    re.DOTALL,
)


_REPEATS = re.compile(r"(-?)(\d*)\.(\d*)\\(?:overline|bar)\s*\{?\s*(\d+)\s*\}?")


@dataclass(frozen=True, slots=True)
class Value:
    """A number. ``places`` are the digits after the point, None where it was written as a fraction.

    ``percent``: a percent sign followed. ``unit`` is the name of what is counted, "" where none was named.
    """

    number: Fraction
    places: int | None
    percent: bool
    unit: str


def read_value(text: str) -> Value | None:
    """The number that a text is, None where it is anything else.

    Example:
        >>> read_value("$1,250.50").number, read_value("1 1/2 hours").unit, read_value("x + 1")
        (Fraction(2501, 2), 'hour', None)
    """
    if len(text) > MOST_DIGITS + 60:
        return None
    if repeats := _REPEATS.fullmatch(text.strip()):
        return Value(_repeating(*repeats.groups()), None, False, "")
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number = _fraction(found) if found["number"] is None else _decimal(found)
    factor, rest = _factor(found["rest"])
    unit = unit_of(rest)
    if number is None or unit is None:
        return None
    if (found["sign"] == "-") != (found["sign2"] == "-"):
        number = -number
    percent = unit.partition(" ")[0] == "%"
    places = None if found["number"] is None else len(found["number"].partition(".")[2])
    name = "" if percent else unit or ("money " + found["money"] if found["money"] else "")
    return Value(number * factor, places, percent, name)


def same_value(left: Value, right: Value) -> bool:
    """Whether two numbers are equal.

    A unit counts only where both have one. A percentage equals its number and its hundredth: ``50%`` answers
    both "how many percent" and "which share". A decimal with six or more places equals the fraction that it
    rounds.
    """
    if left.unit and right.unit and left.unit != right.unit:
        return False
    if left.percent == right.percent:
        return _close(left.number, left.places, right.number, right.places)
    share, other = (left, right) if left.percent else (right, left)
    places = None if share.places is None else share.places + 2
    return _close(share.number, share.places, other.number, other.places) or _close(
        share.number / 100, places, other.number, other.places
    )


def _close(left: Fraction, left_places: int | None, right: Fraction, right_places: int | None) -> bool:
    return left == right or _rounds(left, left_places, right) or _rounds(right, right_places, left)


def _rounds(decimal: Fraction, places: int | None, exact: Fraction) -> bool:
    return places is not None and places >= _PLACES and round(exact, places) == decimal


def _factor(rest: str) -> tuple[int, str]:
    """How much a word like ``million`` multiplies, and what follows it."""
    word, _, after = rest.strip().partition(" ")
    return (_FACTORS[word.lower()], f" {after}") if word.lower() in _FACTORS else (1, rest)


def _decimal(found: re.Match[str]) -> Fraction | None:
    digits = found["number"].replace(",", "").replace(" ", "")
    power = int(re.findall(r"[-+]?\d+", found["power"])[-1]) if found["power"] else 0
    if len(digits) > MOST_DIGITS or abs(power) > _MOST_EXPONENT:
        return None
    return Fraction(digits if digits[-1] != "." else digits[:-1]) * Fraction(10) ** power


def _repeating(sign: str, whole: str, once: str, again: str) -> Fraction:
    """``0.1\\overline{6}``: the digits that come again are so many nines' share."""
    tail = Fraction(int(again), (10 ** len(again) - 1) * 10 ** len(once))
    number = Fraction(f"{whole or 0}.{once or 0}") + tail
    return -number if sign else number


def _fraction(found: re.Match[str]) -> Fraction | None:
    top = (found["over"] or found["top"] or found["top1"]).replace(",", "")
    bottom = (found["under"] or found["bottom"] or found["bottom1"]).replace(",", "")
    if Fraction(bottom) == 0:
        return None
    return Fraction(found["whole"] or 0) + Fraction(top) / Fraction(bottom)
