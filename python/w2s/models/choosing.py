"""Which labels an example leaves to choose from.

Knows nothing about how one of them is chosen.
"""

from __future__ import annotations

from w2s.errors import DataError
from w2s.models.model import Answer
from w2s.tasks import ChoiceExample, MoveExample


def choices(example: MoveExample, legal: list[str]) -> list[str]:
    """The moves that may be answered, in the order of ``legal``, all of it canonical text.

    ``only`` confines them and ``rejected`` takes out; what would leave none is ignored, so that they are
    empty only where the game is over.
    """
    moves = [move for move in legal if move in example.only] if example.only else legal
    left = [move for move in moves if move not in example.rejected]
    return left or moves or legal


def letters_of(example: ChoiceExample) -> list[str]:
    """The letters of a choice, one for each option.

    Raises:
        DataError: there is no option, or one without a letter.
    """
    if not example.options:
        raise DataError("model-choice-no-options", f"example {example.id!r} has no options; remove it")
    if len(example.options) > len(example.letters):
        raise DataError(
            "model-choice-too-many-options",
            f"example {example.id!r} has {len(example.options)} options, but only {len(example.letters)} "
            "letters exist; remove it",
        )
    return list(example.letters)


def no_move() -> Answer:
    """The answer where the game is over."""
    return Answer("", raw="the game is over: there is no move")
