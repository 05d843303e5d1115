"""Scores and answers as checked numpy arrays, for all measures of trust scores."""

from __future__ import annotations

import numpy as np

from w2s import kernels
from w2s.errors import DataError
from w2s.kernels.arrays import Flags
from w2s.kernels.numbers import Doubles


def read_scores(scores: object, correct: object) -> tuple[Doubles, Flags]:
    """Read n scores in double precision, and n flags: whether the label of each is right.

    Raises:
        DataError: a value is NaN or null, the lengths differ, or there are no rows.
    """
    values = kernels.double_column(scores, "scores").refuse_nulls("scores")
    answers, known = kernels.correctness(correct)
    kernels.Column(values, known).refuse_nulls("correct")
    if len(answers) != len(values):
        raise DataError(
            "metrics-length-mismatch", f"correct has {len(answers)} values for {len(values)} scores"
        )
    if not len(values):
        raise DataError("metrics-no-rows", "no rows to measure")
    nan = np.isnan(values)
    if nan.any():
        raise DataError("metrics-nan-score", f"score {int(np.argmax(nan))} is NaN; drop such rows first")
    return values, answers


def read_probabilities(scores: object, correct: object) -> tuple[Doubles, Flags]:
    """Read scores and flags as :func:`read_scores` does; scores must lie in [0, 1].

    Raises:
        DataError: as for :func:`read_scores`, or a score is outside [0, 1].
    """
    values, answers = read_scores(scores, correct)
    outside = (values < 0) | (values > 1)
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            "metrics-not-a-probability",
            f"score {row} is {values[row]:g}; calibration needs probabilities in [0, 1]",
        )
    return values, answers
