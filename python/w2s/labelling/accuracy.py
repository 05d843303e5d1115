"""How many labels are right, per model and in pairs, with intervals.

Knows nothing about who asked or where the examples lie.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.metrics import Interval, accuracy, difference
from w2s.models import Answer, Model, Want, check_task
from w2s.models.few_shot import Shots, give_shots
from w2s.tasks import Example, MoveExample, grade, judge

EXAMPLES_TOGETHER = 512
Report = Callable[[int, int], None]


@dataclass(slots=True)
class Comparison:
    """Accuracies of several models on the same examples.

    Attributes:
        examples: how many had gold.
        accuracy: per model; grades instead of right and wrong in ``grades``, where examples have them.
        differences: second minus first for each pair of models, in the order in which they were named.
        scores: n values per model, 1 for right and 0 for wrong.
        failures: answers that a model did not give, counted as wrong.
    """

    examples: int
    accuracy: dict[str, Interval]
    differences: dict[tuple[str, str], Interval]
    scores: dict[str, npt.NDArray[np.float64]]
    grades: dict[str, Interval] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


def compare(
    examples: Sequence[Example],
    models: Mapping[str, Model],
    *,
    shots: Shots = (),
    seed: int = 0,
    report: Report | None = None,
) -> Comparison:
    """Ask every model every example that has gold.

    Args:
        examples: those without gold are left out.
        models: by the name that the result shows.
        shots: solved examples, for models that show some in front of each question.
        seed: of the bootstrap.
        report: told how many of all questions have been answered.

    Raises:
        DataError: no example has gold.
        UsageError: a model does not answer such examples.
    """
    known = [example for example in examples if example.gold]
    if not known:
        raise DataError("eval-no-gold", "no example has gold, so accuracy cannot be measured")
    found = Comparison(len(known), {}, {}, {})
    for place, (name, model) in enumerate(models.items()):
        check_task(model, known)
        give_shots(model, shots)
        answers = _answers(model, known, report, place * len(known), len(models) * len(known))
        right = [judge(example, answer.label) for example, answer in zip(known, answers, strict=True)]
        found.scores[name] = np.array(right, np.float64)
        found.accuracy[name] = accuracy(found.scores[name], seed=seed)
        found.failures[name] = sum(answer.failure is not None for answer in answers)
        if any(isinstance(example, MoveExample) and example.grades for example in known):
            marks = [grade(example, answer.label) for example, answer in zip(known, answers, strict=True)]
            found.grades[name] = accuracy(np.array(marks, np.float64), seed=seed)
    for first, second in itertools.combinations(found.scores, 2):
        found.differences[first, second] = difference(found.scores[second], found.scores[first], seed=seed)
    return found


def _answers(
    model: Model, examples: Sequence[Example], report: Report | None, before: int, total: int
) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(examples), EXAMPLES_TOGETHER):
        answers += model.answer(examples[start : start + EXAMPLES_TOGETHER], Want(mask=True))
        if report is not None:
            report(before + len(answers), total)
    return answers
