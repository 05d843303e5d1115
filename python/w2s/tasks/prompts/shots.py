"""Solved examples in front of a question, drawn from gold by seed.

Knows nothing about how they are put into words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from w2s.errors import DataError
from w2s.tasks.registry import Example, task_of


class Shots:
    """The same solved examples for every question, so that a model reads them once.

    Only where one of them is asked itself, by its id or by its content, does the next one take its place.

    Args:
        gold: examples with a known answer; the others are not used.
        count: how many stand in front of each question.
        seed: draws them, and their order.

    Raises:
        DataError: there are too few: one more is needed than are shown, for when one of them is asked.

    Example:
        >>> from w2s.tasks import ChoiceExample
        >>> gold = [ChoiceExample(name, f"Which is {name}?", ("a", "b"), ("A",)) for name in "abc"]
        >>> shots = Shots(gold, 2, seed=0)
        >>> any(shot.id == "a" for shot, _ in shots.of(gold[0]))
        False
    """

    def __init__(self, gold: Sequence[Example], count: int, seed: int = 0) -> None:
        """Draw the order of the gold."""
        known = [example for example in gold if example.gold]
        self.count = count
        self._drawn = sorted(known, key=lambda example: _draw(seed, example.id)) if count else []
        if count and len(known) <= count:
            raise DataError(
                f"{len(known)} examples with a known answer cannot give {count} solved ones for each "
                f"question: at least {count + 1} are needed"
            )

    def of(self, example: Example) -> list[tuple[Example, str]]:
        """The solved examples for a question, each with its label.

        Raises:
            DataError: too few are left that are not the question itself.
        """
        found: list[tuple[Example, str]] = []
        for shot in self._drawn:
            if len(found) == self.count:
                break
            if not is_same(shot, example):
                found.append((shot, shot.gold[0]))
        if len(found) < self.count:
            raise DataError(f"gold holds too little but {example.id!r} itself to show {self.count} examples")
        return found


def is_same(shot: Example, example: Example) -> bool:
    """Whether two examples ask the same, whatever their ids: a solved one would give the other away."""
    if shot.id == example.id:
        return True
    task = task_of(shot)
    return task is task_of(example) and task.key(shot) == task.key(example)


def _draw(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"shots {seed} {name}".encode()).digest()
