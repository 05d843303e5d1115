"""Names of units: ``hours``, ``hrs`` and ``hour`` are the same unit; nothing is converted."""

from __future__ import annotations

import re

_NAMES = {
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
_ALIASES = {word: unit for unit, words in _NAMES.items() for word in (unit, *words.split())}
_POWERS = {"squared": "2", "square": "2", "sq": "2", "cubed": "3", "cubic": "3"}
_DEGREES = re.compile(r"\^?\{?\s*\\circ\s*\}?|degrees?(?![a-z])")
_MATHS = (
    "pi sqrt sin cos tan cot sec csc log exp lim max mod det gcd lcm and not the deg alpha beta gamma delta "
    "theta lambda phi inf infinity cap union base"
)
_FUNCTIONS = frozenset(_MATHS.split())
_TOKEN = re.compile(r"(?P<word>[A-Za-z%°¢$€£¥₹]+)\.?|\^\{?(?P<power>[23])\}?|[\s/*-]")
_BASE = re.compile(r"_\{?\s*(\d{1,2})\s*\}?")
_LAST = re.compile(r"(.*\S)\s+((?:(?:square|cubic|sq\.?|cu\.?)\s+)?([A-Za-z]{2,})\.?(?:\s*\^\{?[23]\}?)?)")
_MAX_LETTERS = 60
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
    if base := _BASE.fullmatch(text):
        return f"base {base[1]}"
    words = [found["word"].lower() for found in _TOKEN.finditer(text) if found["word"]]
    if not text:
        return ""
    if not words:
        return None
    if len(text) > _MAX_LETTERS or _TOKEN.sub("", text):
        return None
    if not all(_is_unit(word, apart or place > 0) for place, word in enumerate(words)):
        return None
    powers = [found["power"] for found in _TOKEN.finditer(text) if found["power"]]
    powers += [_POWERS[word] for word in words if word in _POWERS]
    named = " ".join(_canonical_word(word) for word in words if word not in _POWERS)
    return f"{named}^{powers[0]}" if powers else named


def split_unit(text: str) -> tuple[str, str]:
    """An expression and the well-known unit after it; ``""`` if there is none.

    Example:
        >>> split_unit(r"9\\pi cm^2"), split_unit("x + y")
        (('9\\\\pi', 'centimeter^2'), ('x + y', ''))
    """
    found = _LAST.fullmatch(text)
    if found is None or not ({found[3].lower(), found[3].lower().removesuffix("s")} & _ALIASES.keys()):
        return text, ""
    return found[1], canonical_unit(found[2]) or ""


def _is_unit(word: str, apart: bool) -> bool:
    """Whether a word can name a unit rather than be a variable or a function."""
    if len(word) == 1:
        return word in _ALIASES and (apart or word not in _AMBIGUOUS)
    return word in _ALIASES or word in _POWERS or (apart and len(word) > 2 and word not in _FUNCTIONS)


def _canonical_word(word: str) -> str:
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in _ALIASES:
            return _ALIASES[form]
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
