"""Where a reply says its final answer.

Knows nothing about what the answer means.
"""

from __future__ import annotations

import re

MOST_LETTERS = 100_000
"""Of a longer reply the end is read."""
_LAST_MARKS = 20
_LINE = 500
_BOXED = re.compile(r"\\f?boxed\s*")
_HASHES = re.compile(r"^[ \t]*####(.*)$", re.MULTILINE)
_SAYS = re.compile(
    r"\b(?:final answer|answer|result)\b\**\s*"
    r"(?:(?:is|are|equals|would be|should be|will be|was)\b(?!['’])|[=:])\s*:?[ \t]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s?/\s?\d+)?(?:\s?\\?%)?"
    r"|(?<![\w.])[-−]?\.\d+"
)
_HEDGE = re.compile(
    r"(?:(?:(?:approximately|about|around|roughly|nearly|exactly|simply|just|equal to)\b|\\approx\b|≈|~)\s*)+"
    r"(?=[-−+$€£.(]*\d|\\|$)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;](?=\s|$|\*)|\s(?:because|since|so|which|as)\s")


def final_answer(reply: str) -> str | None:
    """The final answer of a reply, None where it has none.

    The first of these that the reply has, each time the last that stands there: ``\\boxed{…}``, with the
    braces inside it; ``#### …``; "the answer is …" to the end of its sentence; a number.

    Example:
        >>> final_answer("So 3 + 4 = 7, the answer is 7."), final_answer("\\\\boxed{\\\\frac{1}{2}}")
        ('7', '\\\\frac{1}{2}')
        >>> final_answer("I do not know.")
    """
    text = after_thinking(reply)[-MOST_LETTERS:]
    for find in (boxed, hashed, _said, _last_number):
        found = find(text)
        if found:
            return found
    return None


def after_thinking(reply: str) -> str:
    """What follows the thoughts of a model that thinks aloud; the whole where it does not."""
    return reply.rpartition("</think>")[2]


def boxed(text: str) -> str | None:
    """What the last complete ``\\boxed{…}`` holds."""
    for found in reversed(list(_BOXED.finditer(text))[-_LAST_MARKS:]):
        if inside := _braced(text, found.end()):
            return inside
    return None


def _braced(text: str, start: int) -> str | None:
    """The text within the braces that open at a place, or the word that stands there without any."""
    if text[start : start + 1] != "{":
        word = re.match(r"[^\s$]+", text[start : start + 40])
        return word[0].rstrip(".,") if word else None
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place].strip()
    return None


def hashed(text: str) -> str | None:
    """What stands behind the last ``####`` that begins a line."""
    found = [words for line in _HASHES.findall(text) if (words := line.strip())]
    return found[-1] if found else None


def _said(text: str) -> str | None:
    for found in reversed(list(_SAYS.finditer(text))[-_LAST_MARKS:]):
        line = text[found.end() : found.end() + _LINE].partition("\n")[0]
        words = _SENTENCE.split(line, maxsplit=1)[0].strip(" *:\"'")
        if said := _sign_off(_HEDGE.sub("", words, count=1) if _HEDGE.match(words) else words):
            return said
    return None


def _sign_off(said: str) -> str | None:
    """Without the mathematics' signs around the whole."""
    inside = re.fullmatch(r"(\$\$?)([^$]+)\1", said)
    return (inside[2].strip() if inside else said) or None


def _last_number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    return found[-1].strip() if found else None
