"""Final answers as text: found in a reply, and without typography. Nothing is interpreted.

``0.50`` and ``0.5`` stay two different texts.
"""

from __future__ import annotations

import re
import unicodedata

# The answer in a reply ------------------------------------------------------------------------------------


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


# Typography -----------------------------------------------------------------------------------------------


_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "⁄": "/", "×": "*", "·": "*", "÷": "/"})
_WORDS = str.maketrans({"²": "^2", "³": "^3", "∞": "\\infty ", "π": "\\pi ", "√": "\\sqrt ", "∪": "\\cup "})
_SPACES = re.compile(r"(?<!\\)\\!\s*|(?<!\\)\\[,;: ]|~|\\q?quad\b|\{,\}|\s+")
_BARE = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|limits)(?![a-zA-Z])|\\mathrm\{\s*\}"
)
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_ENDS = ".,;:? \t\n"
_MATHEMATICS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_DOLLAR = re.compile(r"(?<!\\)\$|\\[()\[\]]")
_APART = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_INLINE = re.compile(r"(?<![\\$\w])\$(?!\s)([^$]+)(?<![\s\\])\$(?![\w$])")
_MAX_BRACES = 20
_VULGAR = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")


def normalize(answer: str) -> str:
    """The answer without LaTeX sizes and spaces, dollar signs around mathematics, and a final full stop.

    Example:
        >>> normalize("$\\\\left( 3,\\\\, \\\\dfrac{1}{2} \\\\right)$.")
        '( 3, \\\\frac{1}{2} )'
    """
    text = _VULGAR.sub(" ", answer).translate(_WORDS)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    text = _INLINE.sub(r"\1", _strip_delimiters(text.strip("*_` ")))
    text = _TEXT.sub(r" \1 ", _BARE.sub(" ", text))
    text = _FRACTION.sub(r"\\frac", text).replace("\\$", "$").replace("\\%", "%")
    text = " ".join(_SPACES.sub(_space, text).split())
    return _strip_group(text if text.endswith("...") else text.rstrip(_ENDS))


def fold(text: str) -> str:
    """The text for comparison: lower case, and spaces only between two digits, as in ``1 1/2``."""
    return _APART.sub("", text.casefold())


def _space(found: re.Match[str]) -> str:
    return "," if found[0] == "{,}" else "" if found[0].startswith("\\!") else " "


def _strip_delimiters(text: str) -> str:
    """Remove the dollar signs or brackets around mathematics."""
    whole = text.rstrip(_ENDS)
    for opening, closing in _MATHEMATICS:
        inside = whole[len(opening) : -len(closing)]
        if inside and whole.startswith(opening) and whole.endswith(closing) and not _DOLLAR.search(inside):
            return inside.strip()
    return text


def _strip_group(text: str) -> str:
    """Remove braces around the whole text: ``{5}`` is a LaTeX group, not a set with one member."""
    for _ in range(_MAX_BRACES):
        inside = text[1:-1].strip()
        if not inside or text[0] != "{" or text[-1] != "}" or "," in inside or not _closes_last(text):
            break
        text = inside
    return text


def _closes_last(text: str) -> bool:
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return place == len(text) - 1
    return False
