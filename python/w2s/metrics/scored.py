"""Scores beside known answers, read and checked.

Knows nothing about what is measured.
"""

from __future__ import annotations

import numpy as np

from w2s import kernels
from w2s.errors import DataError
from w2s.kernels import Flags
from w2s.kernels.numbers import Doubles


def scored(scores: object, correct: object) -> tuple[Doubles, Flags]:
    """n scores in double precision and n flags: whether each is of a right label.

    Raises:
        DataError: NaN or null, lengths that differ, no rows.
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


def probabilities(scores: object, correct: object) -> tuple[Doubles, Flags]:
    """As :func:`scored`, with scores in [0, 1].

    Raises:
        DataError: also a score outside, named by its row.
    """
    values, answers = scored(scores, correct)
    outside = (values < 0) | (values > 1)
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            "metrics-not-a-probability",
            f"score {row} is {values[row]:g}; calibration needs probabilities in [0, 1]",
        )
    return values, answers
