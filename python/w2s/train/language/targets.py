"""Weights and targets of training rows, checked.

Knows nothing about tokens or networks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.tasks import Example
from w2s.tasks.choice import ChoiceExample
from w2s.train.rows import Rows

LEAST = 1e-30
"""Of the largest weight: a row of less is left out."""


def weights_of(rows: Rows) -> list[float]:
    """The weight of each row, the largest 1.

    Raises:
        DataError: no rows, lengths that differ, or weights that are none.
    """
    lengths = (len(rows.examples), len(rows.targets), len(rows.weights))
    if len(set(lengths)) != 1:
        raise DataError(
            "train-row-counts",
            "{} examples, {} targets and {} weights; each row needs one of each".format(*lengths),
        )
    given = np.asarray(rows.weights, np.float64)
    if not len(given):
        raise DataError("train-no-rows", "there are no rows to train on; keep more of the labels")
    if given.ndim != 1 or not (np.isfinite(given).all() and (given >= 0).all()):
        raise DataError("train-invalid-weights", "weights must be finite numbers >= 0, one per row")
    if not given.sum() > 0:
        raise DataError("train-zero-weights", "every row has weight 0; there is nothing to train on")
    # By the largest: a constant factor changes no bit where it is a power of two, and little elsewhere.
    scaled: list[float] = (given / given.max()).tolist()
    # Networks compute in float32, where less is nothing beside 1: a step of such rows would be 0 / 0.
    return [weight if weight > LEAST else 0.0 for weight in scaled]


def rewarded(rows: Rows) -> Rows:
    """The rows that weigh anything, without how their labels were said: replies are written anew.

    Raises:
        DataError: see :func:`weights_of`.
        UsageError: they weigh differently.
    """
    given = weights_of(rows)
    there = [row for row, weight in enumerate(given) if weight]
    if len({given[row] for row in there}) > 1:
        raise UsageError("train-grpo-weights", "objective=grpo takes no weights; leave weights out")
    return Rows(
        [rows.examples[row] for row in there], [rows.targets[row] for row in there], np.ones(len(there))
    )


def distribution_of(example: Example, target: Mapping[str, float]) -> dict[str, float]:
    """The labels of a target that have any probability; it sums to one.

    Raises:
        DataError: it is no distribution, or one over other letters than a choice has.
    """
    total = math.fsum(target.values())
    if any(not prob >= 0 for prob in target.values()) or not 0 < total < math.inf:
        raise DataError(
            "train-invalid-target",
            f"the target of example {example.id!r} is not a distribution over labels: {dict(target)}",
        )
    known = {label: prob / total for label, prob in target.items() if prob > 0}
    if isinstance(example, ChoiceExample) and (
        odd := [label for label in known if label not in example.letters]
    ):
        raise DataError(
            "train-impossible-target",
            f"the target {odd[0][:20]!r} of example {example.id!r} is not one of its letters "
            f"{example.letters}; remove the row",
        )
    return known


def letter_probs(example: ChoiceExample, target: Mapping[str, float]) -> tuple[float, ...]:
    """What each letter of a choice shall have; they sum to one."""
    known = distribution_of(example, target)
    return tuple(known.get(letter, 0.0) for letter in example.letters)
