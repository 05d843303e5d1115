"""Few-shot examples before a question, drawn from gold by seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from w2s.errors import UsageError
from w2s.models import keyed_random
from w2s.models.model import SupportsFewShot
from w2s.models.reference import quote
from w2s.tasks import Example, task_for

Shots = Sequence[tuple[Example, str]]
"""Few-shot examples, each with its label."""


def labelled_shots(gold: Sequence[Example]) -> list[tuple[Example, str]]:
    """Gold examples, each with the first of its correct labels; those without one are left out."""
    return [(example, example.gold[0]) for example in gold if example.gold]


def give_shots(model: object, shots: Shots) -> None:
    """Set the few-shot examples of a model that reads any."""
    if shots and isinstance(model, SupportsFewShot):
        model.show(shots)


class FewShotSampler:
    """The same few-shot examples before every question, so that a model reads them once.

    An example that is the question itself, by its id or by its content, is replaced by the next one.

    Args:
        shots: all few-shot examples.
        seed: random seed of their order.

    Example:
        >>> from w2s.tasks import ChoiceExample
        >>> gold = [ChoiceExample(name, f"Which is {name}?", ("a", "b"), ("A",)) for name in "abc"]
        >>> sampler = FewShotSampler(labelled_shots(gold), seed=0)
        >>> any(shot.id == "a" for shot, _ in sampler.shots_for(gold[0], 2, "hf:small"))
        False
    """

    def __init__(self, shots: Shots, seed: int) -> None:
        """Draw their order."""
        self._drawn = sorted(shots, key=lambda shot: keyed_random.uniform(seed, "shot", shot[0].id))

    def shots_for(self, example: Example, count: int, reference: str) -> list[tuple[Example, str]]:
        """The ``count`` few-shot examples before a question.

        Raises:
            UsageError: too few are left without the question itself; names the model ``reference``.
        """
        shots = list(islice((shot for shot in self._drawn if not is_same_question(shot[0], example)), count))
        if len(shots) < count:
            raise UsageError(
                "model-too-few-shots",
                f"{quote(reference)} requests {count} few-shot examples, but only {len(shots)} are available "
                f"for example {example.id!r}; give more with --few-shot FILE (in a chain: more gold) or "
                "request fewer shots",
            )
        return shots


def is_same_question(shot: Example, example: Example) -> bool:
    """Whether two examples ask the same, regardless of their ids: one would reveal the label of the other."""
    if shot.id == example.id:
        return True
    task = task_for(shot)
    return task is task_for(example) and task.key(shot) == task.key(example)
