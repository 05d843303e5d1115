"""A final answer as plain text: what is only typography is taken away, what carries meaning stays.

Knows nothing about numbers: ``0.50`` and ``0.5`` are two texts here.
"""

from __future__ import annotations

import re
import unicodedata

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
_MOST_BRACES = 20
_VULGAR = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")


def plain(answer: str) -> str:
    """The answer without LaTeX's sizes and spaces, mathematics' dollar signs and a sentence's full stop.

    Example:
        >>> plain("$\\\\left( 3,\\\\, \\\\dfrac{1}{2} \\\\right)$.")
        '( 3, \\\\frac{1}{2} )'
    """
    text = _VULGAR.sub(" ", answer).translate(_WORDS)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    text = _INLINE.sub(r"\1", _dollars(text.strip("*_` ")))
    text = _TEXT.sub(r" \1 ", _BARE.sub(" ", text))
    text = _FRACTION.sub(r"\\frac", text).replace("\\$", "$").replace("\\%", "%")
    text = " ".join(_SPACES.sub(_space, text).split())
    return _outer(text if text.endswith("...") else text.rstrip(_ENDS))


def folded(text: str) -> str:
    """For comparison as text: one case, and no spaces but those between two digits, as in ``1 1/2``."""
    return _APART.sub("", text.casefold())


def _space(found: re.Match[str]) -> str:
    return "," if found[0] == "{,}" else "" if found[0].startswith("\\!") else " "


def _dollars(text: str) -> str:
    """Without the dollar signs or brackets that open and close mathematics."""
    whole = text.rstrip(_ENDS)
    for opening, closing in _MATHEMATICS:
        inside = whole[len(opening) : -len(closing)]
        if inside and whole.startswith(opening) and whole.endswith(closing) and not _DOLLAR.search(inside):
            return inside.strip()
    return text


def _outer(text: str) -> str:
    """Without braces around the whole: ``{5}`` is LaTeX's group, not a set with one member."""
    for _ in range(_MOST_BRACES):
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
