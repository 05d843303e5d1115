"""Blind spots: where a student is sure and wrong while its teacher was unsure; and its spread over seeds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from w2s.analysis.difficulty import bins_of
from w2s.analysis.result import Doubles

SURE, UNSURE = 0.8, 0.5
"""A student is sure from the first probability of its answer on; a teacher is unsure below the second."""
DECILES = 10


def blind_spots(
    student_probability: npt.ArrayLike, student_correct: npt.ArrayLike, teacher_probability: npt.ArrayLike
) -> npt.NDArray[np.bool_]:
    """Which of n rows are blind spots.

    Args:
        student_probability: of the student's own answer.
        student_correct: whether that answer is right.
        teacher_probability: of the teacher's own answer.

    Example:
        >>> blind_spots([0.9, 0.9, 0.6], [False, True, False], [0.3, 0.3, 0.3]).tolist()
        [True, False, False]
    """
    student, teacher = (
        np.asarray(student_probability, np.float64),
        np.asarray(teacher_probability, np.float64),
    )
    wrong = ~np.asarray(student_correct, np.bool_)
    return np.asarray((student >= SURE) & wrong & (teacher < UNSURE))


def spread_over_seeds(probabilities: npt.ArrayLike) -> Doubles:
    """Standard deviation over seeds of the probability that students give to each label, shape (n,).

    Args:
        probabilities: shape (seeds, n), of at least two seeds.
    """
    found: Doubles = np.asarray(probabilities, np.float64).std(axis=0, ddof=1)
    return found


def deciles_of(trust: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The decile of each row by trust, 0 for the least trusted, shape (n,)."""
    return bins_of(trust, DECILES)
