"""Solved examples in front of a question, drawn from gold by seed.

Knows nothing about how they are put into words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from w2s.errors import UsageError
from w2s.models import draws
from w2s.models.model import SeesSolved
from w2s.models.reference import shown
from w2s.tasks import Example, task_for

Shots = Sequence[tuple[Example, str]]
"""Solved examples, each with its label."""


def shots_of(gold: Sequence[Example]) -> list[tuple[Example, str]]:
    """Gold as solved examples, each with the first of its right labels; those without one are left out."""
    return [(example, example.gold[0]) for example in gold if example.gold]


def show(model: object, shots: Shots) -> None:
    """Give a model solved examples, where it reads any."""
    if shots and isinstance(model, SeesSolved):
        model.show(shots)


class Solved:
    """The same solved examples for every question, so that a model reads them once.

    Only where one of them is asked itself, by its id or by its content, does the next one take its place.

    Args:
        shots: all that there are.
        seed: draws them, and their order.

    Example:
        >>> from w2s.tasks import ChoiceExample
        >>> gold = [ChoiceExample(name, f"Which is {name}?", ("a", "b"), ("A",)) for name in "abc"]
        >>> solved = Solved(shots_of(gold), seed=0)
        >>> any(shot.id == "a" for shot, _ in solved.before(gold[0], 2, "hf:small"))
        False
    """

    def __init__(self, shots: Shots, seed: int) -> None:
        """Draw their order."""
        self._drawn = sorted(shots, key=lambda shot: draws.uniform(seed, "shot", shot[0].id))

    def before(self, example: Example, count: int, reference: str) -> list[tuple[Example, str]]:
        """The ``count`` solved examples that stand in front of a question.

        Raises:
            UsageError: there are fewer that are not the question itself; names the model ``reference``.
        """
        shots = list(islice((shot for shot in self._drawn if not is_same(shot[0], example)), count))
        if len(shots) < count:
            raise UsageError(
                "model-too-few-shots",
                f"{shown(reference)} requests {count} few-shot examples, but only {len(shots)} are available "
                f"for example {example.id!r}; give more gold (--gold FILE, in a chain examples.gold) or "
                "request fewer shots",
            )
        return shots


def is_same(shot: Example, example: Example) -> bool:
    """Whether two examples ask the same, whatever their ids: a solved one would give the other away."""
    if shot.id == example.id:
        return True
    task = task_for(shot)
    return task is task_for(example) and task.key(shot) == task.key(example)
