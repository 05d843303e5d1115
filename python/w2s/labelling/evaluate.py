"""Accuracy of models on examples with gold, and the paired differences, with confidence intervals."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.labelling.spec import ProgressCallback
from w2s.metrics import Interval, accuracy, difference
from w2s.models import Answer, Model, Want, check_task
from w2s.models.few_shot import Shots, give_shots
from w2s.tasks import Example, MoveExample, grade, judge

_BATCH = 512


@dataclass(slots=True)
class Evaluation:
    """Accuracies of several models on the same examples.

    Attributes:
        examples: number of examples with gold, n.
        accuracy: the accuracy of each model.
        differences: accuracy of the second minus the first, for each pair of models in the order given.
        scores: for each model, float64 of shape (n,): 1 where the answer is correct, else 0.
        grades: for each model, the mean grade of its answers; empty where the examples have no grades.
        failures: for each model, the number of examples without an answer; they count as wrong.
    """

    examples: int
    accuracy: dict[str, Interval]
    differences: dict[tuple[str, str], Interval]
    scores: dict[str, npt.NDArray[np.float64]]
    grades: dict[str, Interval] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


def evaluate_models(
    examples: Sequence[Example],
    models: Mapping[str, Model],
    *,
    shots: Shots = (),
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Evaluation:
    """Ask every model every example that has gold.

    Args:
        examples: examples; those without gold are ignored.
        models: models by the name that the result uses.
        shots: examples with their labels, for models with few-shot prompts.
        seed: random seed of the bootstrap.
        progress: called with the number of answered questions and the total.

    Raises:
        DataError: no example has gold.
        UsageError: a model cannot do the task of the examples.
    """
    with_gold = [example for example in examples if example.gold]
    if not with_gold:
        raise DataError("eval-no-gold", "no example has gold, so accuracy cannot be measured")
    result = Evaluation(len(with_gold), {}, {}, {})
    total = len(models) * len(with_gold)
    for number, (name, model) in enumerate(models.items()):
        check_task(model, with_gold)
        give_shots(model, shots)
        answers = _answers(model, with_gold, progress, number * len(with_gold), total)
        _add(result, name, with_gold, answers, seed)
    for first, second in itertools.combinations(result.scores, 2):
        scores = result.scores[second], result.scores[first]
        result.differences[first, second] = difference(*scores, seed=seed)
    return result


def _add(
    result: Evaluation, name: str, examples: Sequence[Example], answers: Sequence[Answer], seed: int
) -> None:
    """Add one model."""
    pairs = [(example, answer.label) for example, answer in zip(examples, answers, strict=True)]
    result.scores[name] = np.array([judge(*pair) for pair in pairs], np.float64)
    result.accuracy[name] = accuracy(result.scores[name], seed=seed)
    result.failures[name] = sum(answer.failure is not None for answer in answers)
    if any(isinstance(example, MoveExample) and example.grades for example in examples):
        grades = np.array([grade(*pair) for pair in pairs], np.float64)
        result.grades[name] = accuracy(grades, seed=seed)


def _answers(
    model: Model, examples: Sequence[Example], progress: ProgressCallback | None, done: int, total: int
) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(examples), _BATCH):
        answers += model.answer(examples[start : start + _BATCH], Want(mask=True))
        if progress is not None:
            progress(done + len(answers), total)
    return answers
