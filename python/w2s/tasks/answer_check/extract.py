"""The final answer in the text of a reply, without interpreting it."""

from __future__ import annotations

import re

MAX_REPLY_LETTERS = 100_000
"""Only the end of a longer reply is read."""
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
    """The final answer of a reply; None if it has none.

    These forms are tried in order; the last occurrence of the first form found is the answer:
    ``\\boxed{…}``, nested braces included; ``#### …``; "the answer is …" to the end of the sentence; a
    number.

    Example:
        >>> final_answer("So 3 + 4 = 7, the answer is 7."), final_answer("\\\\boxed{\\\\frac{1}{2}}")
        ('7', '\\\\frac{1}{2}')
        >>> final_answer("I do not know.")
    """
    text = strip_thinking(reply)[-MAX_REPLY_LETTERS:]
    for find in (last_boxed, after_hashes, _stated, _last_number):
        found = find(text)
        if found:
            return found
    return None


def strip_thinking(reply: str) -> str:
    """The text after ``</think>``, or the whole reply if it has no such tag."""
    return reply.rpartition("</think>")[2]


def last_boxed(text: str) -> str | None:
    """The content of the last complete ``\\boxed{…}``."""
    for found in reversed(list(_BOXED.finditer(text))[-_LAST_MARKS:]):
        if inside := _braced(text, found.end()):
            return inside
    return None


def _braced(text: str, start: int) -> str | None:
    """The text within the braces that open at ``start``, or the word there if there are none."""
    if text[start : start + 1] != "{":
        word = re.match(r"[^\s$]+", text[start : start + 40])
        return word[0].rstrip(".,") if word else None
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place].strip()
    return None


def after_hashes(text: str) -> str | None:
    """The text after the last ``####`` at the start of a line."""
    found = [words for line in _HASHES.findall(text) if (words := line.strip())]
    return found[-1] if found else None


def _stated(text: str) -> str | None:
    for found in reversed(list(_SAYS.finditer(text))[-_LAST_MARKS:]):
        line = text[found.end() : found.end() + _LINE].partition("\n")[0]
        words = _SENTENCE.split(line, maxsplit=1)[0].strip(" *:\"'")
        if said := _strip_dollars(_HEDGE.sub("", words, count=1) if _HEDGE.match(words) else words):
            return said
    return None


def _strip_dollars(said: str) -> str | None:
    """Remove ``$`` or ``$$`` around the whole text."""
    inside = re.fullmatch(r"(\$\$?)([^$]+)\1", said)
    return (inside[2].strip() if inside else said) or None


def _last_number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    return found[-1].strip() if found else None
