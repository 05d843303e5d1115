"""Final answers without typography.

Numbers are not interpreted: ``0.50`` and ``0.5`` stay two different texts.
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
