"""The ``choice`` task: the right one of several options.

Knows nothing about models, prompts or files.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from w2s.errors import DataError

LETTERS = string.ascii_uppercase
_LETTER = re.compile(r"[\s(\[*\"']*([A-Za-z])[\s)\].:,*\"']*")


@dataclass(frozen=True, slots=True)
class ChoiceExample:
    """One question with its options, at least one and at most 26.

    A label is the letter of an option: ``A`` is the first. ``gold`` are the right letters, empty where none
    is known. ``difficulty`` is the source's own measure, higher is harder. ``group`` names what must not be
    split, a passage say.
    """

    id: str
    question: str
    options: tuple[str, ...]
    gold: tuple[str, ...] = ()
    difficulty: float | None = None
    group: str | None = None

    @property
    def letters(self) -> str:
        """The labels that can be given, in the order of the options."""
        return LETTERS[: len(self.options)]


def canonical_choice(example: ChoiceExample, label: str) -> str | None:
    """The letter that a label means, None where it means none: ``B``, an option's own text, ``b`` or ``(B)``.

    Example:
        >>> example = ChoiceExample("a", "Which?", ("red", "blue"))
        >>> [canonical_choice(example, label) for label in ("(b)", "B.", "Blue", "C", "")]
        ['B', 'B', 'B', None, None]
    """
    if len(label) == 1 and label in example.letters:
        return label
    texts = [_folded(option) for option in example.options]
    if _folded(label) in texts:
        return LETTERS[texts.index(_folded(label))]
    found = _LETTER.fullmatch(label)
    return found[1].upper() if found and found[1].upper() in example.letters else None


def judge_choice(example: ChoiceExample, label: str | None) -> bool | None:
    """Whether a label is a right option; None where the example has no gold."""
    if not example.gold:
        return None
    return label is not None and canonical_choice(example, label) in example.gold


def same_choice(example: ChoiceExample, left: str, right: str) -> bool:
    """Whether two labels mean one option."""
    letter = canonical_choice(example, left)
    return letter is not None and letter == canonical_choice(example, right)


def choice_key(example: ChoiceExample) -> str:
    """Equal for one question with the same options, in whatever order, case and spacing."""
    words = "\0".join([_folded(example.question), *sorted(map(_folded, example.options))])
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def check_options(options: Sequence[str]) -> None:
    """Whether the options of a question can be chosen from.

    Raises:
        DataError: there are none, more than 26, or two that are equal.
    """
    if not options:
        raise DataError("there are no options")
    if len(options) > len(LETTERS):
        raise DataError(f"{len(options)} options are more than {len(LETTERS)}, one for each letter")
    seen: dict[str, str] = {}
    for letter, option in zip(LETTERS, options, strict=False):
        known = seen.setdefault(" ".join(option.split()), letter)
        if known != letter:
            raise DataError(f"the options {known} and {letter} are equal: {option[:40]!r}")


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
