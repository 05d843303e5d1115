"""Rows of training sets: true answers, labels, repeated rows, and two sets of rows together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from w2s.evidence import Labels
from w2s.tasks import AnswerExample, Example
from w2s.train import TrainingSet
from w2s.train.dataset import Target

Scores = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
SoftTarget = Callable[[str, str], Target]
"""Returns the probabilities of labels for an example id and its label."""


def gold_rows(examples: Sequence[Example]) -> TrainingSet:
    """True answers; if several are right, each gets the same probability.

    Worked answers are the text that a language model learns.
    """
    targets = [dict.fromkeys(example.gold, 1 / len(example.gold)) for example in examples]
    texts = [example.solution if isinstance(example, AnswerExample) else None for example in examples]
    return TrainingSet(list(examples), targets, np.ones(len(examples)), texts)


def label_rows(
    pool: Sequence[Example],
    labels: Labels,
    rows: Positions,
    weights: Scores | None = None,
    soft: SoftTarget | None = None,
) -> TrainingSet:
    """Labels of some rows, joined to their examples by id.

    Args:
        pool: the examples.
        labels: labels of the whole pool, one per example.
        rows: positions in ``labels``.
        weights: weight of every label; None if all are equal.
        soft: target by id and label; None makes each label its own target.
    """
    chosen = None if weights is None else weights[rows]
    return TrainingSet.from_labels(labels.take(rows), pool, weights=chosen, target=soft)


def repeat(rows: TrainingSet, times: int) -> TrainingSet:
    """Repeat every row ``times`` times."""
    return TrainingSet(
        [*rows.examples] * times,
        [*rows.targets] * times,
        np.tile(rows.weights, times),
        [*rows.rationales] * times,
    )


def concat(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """The rows of both, one after another; training shuffles them."""
    weights = np.concatenate([first.weights, second.weights])
    texts = [text for rows in (first, second) for text in rows.rationales or [None] * len(rows)]
    return TrainingSet([*first.examples, *second.examples], [*first.targets, *second.targets], weights, texts)
