"""The option that a reply names.

The first rule that applies decides: the whole reply is a letter or an option; the last option marked as the
answer; a letter at the beginning, ``B. blue``; the text of exactly one option; exactly one letter in
brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from w2s.tasks.choice import LETTERS, ChoiceExample, canonical_choice

_GAP = r"(?:[^\w\\]|\\(?![a-zA-Z]))"
"""Characters between words, except the backslash of a LaTeX command."""
_MARK = re.compile(
    rf"\\boxed\{{|\b(?:answer|option|choice|solution)\b{_GAP}{{0,4}}(?:is|are|was|would be|should be)?\b"
    rf"{_GAP}{{0,12}}(?:(?:option|choice|answer|letter)\b{_GAP}{{0,4}})?",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\W{0,3}\w+\W{1,3}(?:(?:is|was)\s+(?:not|wrong|incorrect|false)|isn['’]t|fails)\b", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:answer|option|choice|solution|ending)\s?(\d{1,2})\b", re.IGNORECASE)
_LETTER = re.compile(r"(?:\\(?:text|math)\w*\{)?\(?([A-Za-z])(?![\w'’])(?:[ \t]+([A-Za-z]+))?")
_SEVERAL = re.compile(
    r"\W{0,3}(?:(?:and|or|&|/)\W{0,3}([A-Z])(?![\w'’])"
    r"(?!\W{1,3}(?:is|was|are|has|does|can|would|could|fails)\b)|,\W{0,3}([A-Z])\W*(?:$|\n|,|and\b|or\b))"
)
_CONNECTIVES = "because since as for and but which so that it is was this the not rather"
_AFTER_A = frozenset(_CONNECTIVES.split())
_FIRST = re.compile(r"\W{0,6}([A-Z])(?:\s?[.):\]*]|[ \t]*\n)(?!\W*(?:or|and)\b)")
_BRACKETED = re.compile(r"\(([A-Z])\)|\*\*([A-Z])[.:)]?\*\*")


def find_choice(example: ChoiceExample, text: str) -> str | None:
    """The letter of the option that a reply names; None if it names none or several."""
    text = text.strip()
    for find in (_whole, _marked, _first, _quoted, _bracketed):
        if (letter := find(example, text)) is not None:
            return letter
    return None


def _whole(example: ChoiceExample, text: str) -> str | None:
    if len(text) > 1000:
        return None
    return canonical_choice(example, text) or canonical_choice(example, text.strip(" .*\"'"))


def _marked(example: ChoiceExample, text: str) -> str | None:
    found = [letter for letter in _after_marks(example, text) if letter is not None]
    return found[-1] if found else _numbered(example, text)


def _after_marks(example: ChoiceExample, text: str) -> Iterator[str | None]:
    for mark in _MARK.finditer(text):
        rest = text[mark.end() : mark.end() + 400]
        if not _DENIED.match(rest):
            yield _option_at(example, rest) or _letter_at(example, rest)


def _numbered(example: ChoiceExample, text: str) -> str | None:
    """``answer3`` is the third option."""
    places = [int(found[1]) for found in _NUMBERED.finditer(text)]
    known = [place for place in places if 1 <= place <= len(example.options)]
    return LETTERS[known[-1] - 1] if known else None


def _letter_at(example: ChoiceExample, rest: str) -> str | None:
    """The letter that the text begins with, unless it is an article: ``a dog``, ``A dog``."""
    found = _LETTER.match(rest)
    if found is None or found[1].upper() not in example.letters:
        return None
    letter, after = found[1], found[2]
    another = _SEVERAL.match(rest, found.end(1))
    if another and (another[1] or another[2]) in set(example.letters) - {letter.upper()}:
        return None
    if after and (letter.islower() or letter == "A") and after not in _AFTER_A:
        return None
    return letter.upper()


def _option_at(example: ChoiceExample, rest: str) -> str | None:
    """The longest option that the text begins with."""
    words = _words(rest)
    fits = [
        (len(option), letter)
        for letter, option in zip(example.letters, map(_words, example.options), strict=True)
        if _is_distinctive(option)
        and words[: len(option)] == option
        and not words[len(option) :][:1].isalnum()
    ]
    return max(fits)[1] if fits else None


def _first(example: ChoiceExample, text: str) -> str | None:
    found = None if _DENIED.match(text) else _FIRST.match(text)
    return found[1] if found and found[1] in example.letters else None


def _quoted(example: ChoiceExample, text: str) -> str | None:
    """The one option whose text the reply contains, apart from options that are part of that text."""
    words = _words(text)
    options = list(zip(example.letters, map(_words, example.options), strict=True))
    held = [pair for pair in options if _is_distinctive(pair[1]) and _contains(words, pair[1])]
    longest = max(held, key=lambda pair: len(pair[1]), default=None)
    if longest is None or not all(_contains(longest[1], option) for _, option in held):
        return None
    return longest[0]


def _is_distinctive(option: str) -> bool:
    """Whether the text of an option is more than a letter, which could be the letter of another option."""
    return len(option) > 1 or not option.isalpha()


def _contains(words: str, option: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(option)}(?!\w)", words) is not None


def _bracketed(example: ChoiceExample, text: str) -> str | None:
    letters = {one or two for one, two in _BRACKETED.findall(text)} & set(example.letters)
    return letters.pop() if len(letters) == 1 else None


def _words(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .\"'*")
