"""Single answers compared without algebra: numbers as people write them, with their units, and words.

Numbers may have separators, currency, percent, units, fractions and powers of ten. Digits and exponents are
bounded before a number is built, so that no input can make it grow. Units have several names, ``hours``,
``hrs`` and ``hour``; nothing is converted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from w2s.tasks.answer_check.text import fold

MAX_DIGITS = 200
"""Longer numbers are compared as text."""
_MAX_EXPONENT = 300
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
_REPEATING = re.compile(r"(-?)(\d*)\.(\d*)\\(?:overline|bar)\s*\{?\s*(\d+)\s*\}?")
_ASSIGNMENT = re.compile(r"(\\?[A-Za-z][A-Za-z]{0,10}(?:_\{?\w{1,5}\}?)?(?:\([a-z]\))?)\s*=\s*([^=<>]+)")
_WORDS = re.compile(r"[^\W\d_]+(?:[\s'’-]+[^\W\d_]+)*")


def scalars_equal(left: str, right: str) -> bool | None:
    """Whether two single answers are equal; None if that needs algebra.

    Example:
        >>> pairs = (("1/2", "0.5"), ("x = 5", "5"), ("red", "blue"), ("2x", "x+x"))
        >>> [scalars_equal(left, right) for left, right in pairs]
        [True, True, False, None]
    """
    if fold(left) == fold(right):
        return True
    one, two = _ASSIGNMENT.fullmatch(left), _ASSIGNMENT.fullmatch(right)
    if one and two and one[1] != two[1]:
        return None
    if one or two:
        return scalars_equal(one[2] if one else left, two[2] if two else right)
    return _values_equal(left, right)


def _values_equal(left: str, right: str) -> bool | None:
    one, two = parse_quantity(left), parse_quantity(right)
    if one is not None and two is not None:
        return quantities_equal(one, two)
    if all(value is not None or _WORDS.fullmatch(text) for value, text in ((one, left), (two, right))):
        return False
    return None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit.

    Attributes:
        number: the exact value.
        places: digits after the decimal point; None if it was written as a fraction.
        percent: whether a percent sign followed.
        unit: canonical name of the unit; empty if there is none.
    """

    number: Fraction
    places: int | None
    percent: bool
    unit: str


def parse_quantity(text: str) -> Quantity | None:
    """The number in a text; None if the text is anything else.

    Example:
        >>> parse_quantity("$1,250.50").number, parse_quantity("1 1/2 hours").unit, parse_quantity("x + 1")
        (Fraction(2501, 2), 'hour', None)
    """
    if len(text) > MAX_DIGITS + 60:
        return None
    if repeating := _REPEATING.fullmatch(text.strip()):
        return Quantity(_repeating_decimal(*repeating.groups()), None, False, "")
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number = _fraction(found) if found["number"] is None else _decimal(found)
    factor, rest = _factor(found["rest"])
    unit = canonical_unit(rest)
    if number is None or unit is None:
        return None
    if (found["sign"] == "-") != (found["sign2"] == "-"):
        number = -number
    percent = unit.partition(" ")[0] == "%"
    places = None if found["number"] is None else len(found["number"].partition(".")[2])
    name = "" if percent else unit or ("money " + found["money"] if found["money"] else "")
    return Quantity(number * factor, places, percent, name)


def quantities_equal(left: Quantity, right: Quantity) -> bool:
    """Whether two numbers are equal.

    Units are compared only if both have one. A percentage equals its number and its hundredth: ``50%``
    answers both "how many percent" and "which fraction". A decimal with six or more places equals the
    fraction of which it is the rounded value.
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
    """The factor of a word like ``million``, and the text after it."""
    word, _, after = rest.strip().partition(" ")
    return (_FACTORS[word.lower()], f" {after}") if word.lower() in _FACTORS else (1, rest)


def _decimal(found: re.Match[str]) -> Fraction | None:
    digits = found["number"].replace(",", "").replace(" ", "")
    power = int(re.findall(r"[-+]?\d+", found["power"])[-1]) if found["power"] else 0
    if len(digits) > MAX_DIGITS or abs(power) > _MAX_EXPONENT:
        return None
    return Fraction(digits if digits[-1] != "." else digits[:-1]) * Fraction(10) ** power


def _repeating_decimal(sign: str, whole: str, once: str, again: str) -> Fraction:
    """``0.1\\overline{6}``: repeating digits are divided by as many nines."""
    tail = Fraction(int(again), (10 ** len(again) - 1) * 10 ** len(once))
    number = Fraction(f"{whole or 0}.{once or 0}") + tail
    return -number if sign else number


def _fraction(found: re.Match[str]) -> Fraction | None:
    top = (found["over"] or found["top"] or found["top1"]).replace(",", "")
    bottom = (found["under"] or found["bottom"] or found["bottom1"]).replace(",", "")
    if Fraction(bottom) == 0:
        return None
    return Fraction(found["whole"] or 0) + Fraction(top) / Fraction(bottom)


# Units ----------------------------------------------------------------------------------------------------


_UNIT_NAMES = {
    "%": "percent pct percentage percentagepoints",
    "meter": "m metre",
    "kilometer": "km kilometre",
    "centimeter": "cm centimetre",
    "millimeter": "mm millimetre",
    "inch": "in inches",
    "foot": "ft feet",
    "yard": "yd",
    "mile": "mi",
    "gram": "g",
    "kilogram": "kg kilo",
    "milligram": "mg",
    "pound": "lb lbs",
    "ounce": "oz",
    "liter": "l litre",
    "milliliter": "ml millilitre",
    "second": "s sec secs",
    "minute": "min mins",
    "hour": "h hr hrs",
    "degree": "°",
    "money $": "dollar usd $ bucks",
    "money €": "euro eur €",
    "money £": "gbp £ poundsterling",
    "money ¥": "yen jpy ¥",
    "money ₹": "rupee inr ₹",
    "cent": "¢",
    "am": "a.m",
    "pm": "p.m",
    "person": "people",
    "child": "children",
}
_UNIT_ALIASES = {word: unit for unit, words in _UNIT_NAMES.items() for word in (unit, *words.split())}
_UNIT_POWERS = {"squared": "2", "square": "2", "sq": "2", "cubed": "3", "cubic": "3"}
_DEGREES = re.compile(r"\^?\{?\s*\\circ\s*\}?|degrees?(?![a-z])")
_MATHS = (
    "pi sqrt sin cos tan cot sec csc log exp lim max mod det gcd lcm and not the deg alpha beta gamma delta "
    "theta lambda phi inf infinity cap union base"
)
_FUNCTIONS = frozenset(_MATHS.split())
_UNIT_TOKEN = re.compile(r"(?P<word>[A-Za-z%°¢$€£¥₹]+)\.?|\^\{?(?P<power>[23])\}?|[\s/*-]")
_NUMBER_BASE = re.compile(r"_\{?\s*(\d{1,2})\s*\}?")
_LAST_WORDS = re.compile(
    r"(.*\S)\s+((?:(?:square|cubic|sq\.?|cu\.?)\s+)?([A-Za-z]{2,})\.?(?:\s*\^\{?[23]\}?)?)"
)
_MAX_UNIT_LETTERS = 60
_AMBIGUOUS = "mghsl"
"""Letters that are units after a space (``5 m``) and variables without one (``5m``)."""


def canonical_unit(text: str) -> str | None:
    """The canonical name of the unit after a number; ``""`` for no text, None if the text is not a unit.

    Example:
        >>> [canonical_unit(text) for text in ("hrs", "sq ft", "square feet", "+ 1")]
        ['hour', 'foot^2', 'foot^2', None]
    """
    apart = text[:1].isspace()
    text = _DEGREES.sub("°", text).strip()
    if base := _NUMBER_BASE.fullmatch(text):
        return f"base {base[1]}"
    words = [found["word"].lower() for found in _UNIT_TOKEN.finditer(text) if found["word"]]
    if not text:
        return ""
    if not words:
        return None
    if len(text) > _MAX_UNIT_LETTERS or _UNIT_TOKEN.sub("", text):
        return None
    if not all(_is_unit(word, apart or place > 0) for place, word in enumerate(words)):
        return None
    powers = [found["power"] for found in _UNIT_TOKEN.finditer(text) if found["power"]]
    powers += [_UNIT_POWERS[word] for word in words if word in _UNIT_POWERS]
    named = " ".join(_canonical_unit_word(word) for word in words if word not in _UNIT_POWERS)
    return f"{named}^{powers[0]}" if powers else named


def split_unit(text: str) -> tuple[str, str]:
    """An expression and the well-known unit after it; ``""`` if there is none.

    Example:
        >>> split_unit(r"9\\pi cm^2"), split_unit("x + y")
        (('9\\\\pi', 'centimeter^2'), ('x + y', ''))
    """
    found = _LAST_WORDS.fullmatch(text)
    if found is None or not ({found[3].lower(), found[3].lower().removesuffix("s")} & _UNIT_ALIASES.keys()):
        return text, ""
    return found[1], canonical_unit(found[2]) or ""


def _is_unit(word: str, apart: bool) -> bool:
    """Whether a word can name a unit rather than be a variable or a function."""
    if len(word) == 1:
        return word in _UNIT_ALIASES and (apart or word not in _AMBIGUOUS)
    return (
        word in _UNIT_ALIASES or word in _UNIT_POWERS or (apart and len(word) > 2 and word not in _FUNCTIONS)
    )


def _canonical_unit_word(word: str) -> str:
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in _UNIT_ALIASES:
            return _UNIT_ALIASES[form]
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
