"""The ``choice`` task: the right one of several options.

Knows nothing about models, prompts or files.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

LETTERS = string.ascii_uppercase


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
