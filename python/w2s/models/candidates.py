"""Labels that an example can be given: legal moves, letters of options, and runner-ups of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from w2s.errors import DataError
from w2s.models.model import Answer
from w2s.tasks import AnswerExample, ChoiceExample, Example, MoveExample


@dataclass(frozen=True, slots=True)
class Candidates:
    """Labels that an example can be given.

    Attributes:
        labels: all of them, in their order.
        allowed: indices of those that may be answered, ascending.
    """

    labels: list[str]
    allowed: list[int]


def list_candidates(example: Example) -> Candidates:
    """The letters of a choice or the legal moves of a position; an answer has none.

    Raises:
        DataError: a choice has no options, or more than there are letters.
    """
    if isinstance(example, ChoiceExample):
        letters = option_letters(example)
        return Candidates(letters, list(range(len(letters))))
    if isinstance(example, AnswerExample):
        return Candidates([], [])
    legal = example.state.legal_moves()
    allowed = set(allowed_moves(example, legal))
    return Candidates(legal, [i for i, move in enumerate(legal) if move in allowed])


def allowed_moves(example: MoveExample, legal: list[str]) -> list[str]:
    """The moves that may be answered, in the order of ``legal``, as canonical text.

    ``only`` restricts them and ``rejected`` removes some. A condition that would leave none is ignored, so
    the result is empty only if the game is over.
    """
    moves = [move for move in legal if move in example.only] if example.only else legal
    left = [move for move in moves if move not in example.rejected]
    return left or moves or legal


def option_letters(example: ChoiceExample) -> list[str]:
    """The letters of a choice, one for each option.

    Raises:
        DataError: there are no options, or more than there are letters.
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


def no_move_answer() -> Answer:
    """The answer if the game is over."""
    return Answer("", raw="the game is over: there is no move")


def runner_ups(probs: Mapping[str, float], label: str, count: int) -> list[str]:
    """Up to ``count`` other labels, the likeliest first; ties keep the order of ``probs``."""
    others = [other for other in probs if other != label]
    return sorted(others, key=lambda other: -probs[other])[:count]


def unflatten(first: Sequence[Answer], others: Sequence[Answer], counts: Sequence[int]) -> list[list[Answer]]:
    """The answers of each example: its first one, then the next ``counts[i]`` of ``others``."""
    left: Iterator[Answer] = iter(others)
    return [
        [answer, *(next(left) for _ in range(count))] for answer, count in zip(first, counts, strict=True)
    ]
