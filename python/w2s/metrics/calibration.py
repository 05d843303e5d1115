"""Calibration measures: whether labels with a trust of 0.8 are right in 80 of 100 cases.

The order of the rows does not matter.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.metrics.ranking import read_scores

BINS = 15


class Bin(NamedTuple):
    """Rows with similar scores.

    Attributes:
        rows: number of rows.
        score: their mean score.
        purity: the share that is right.
    """

    rows: int
    score: float
    purity: float


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


def brier(scores: object, correct: object) -> float:
    """Mean squared distance of n probabilities to 1 if right, else to 0; in [0, 1], lower is better.

    Source: Brier, Monthly Weather Review 1950.

    Example:
        >>> round(brier([0.9, 0.4], [True, False]), 3)
        0.085
    """
    values, answers = read_probabilities(scores, correct)
    return float(np.mean((values - answers) ** 2))


def expected_calibration_error(
    scores: object, correct: object, *, bins: int = BINS, by: Literal["width", "mass"] = "width"
) -> float:
    """Mean over the rows of |mean score − purity| of the row's bin; in [0, 1], lower is better.

    Args:
        scores: n probabilities.
        correct: n flags: whether the label is right.
        bins: number of bins.
        by: "width" for bins of equal width; "mass" for bins with equal numbers of rows, where tied rows stay
            together.

    Source: Naeini, Cooper and Hauskrecht, AAAI 2015.

    Example:
        >>> round(expected_calibration_error([0.9, 0.9, 0.1, 0.1], [True, True, False, True], bins=2), 3)
        0.25
    """
    curve = calibration_curve(scores, correct, bins=bins, by=by)
    rows = sum(bin_.rows for bin_ in curve)
    return sum(bin_.rows / rows * abs(bin_.score - bin_.purity) for bin_ in curve)


def calibration_curve(
    scores: object, correct: object, *, bins: int = BINS, by: Literal["width", "mass"] = "width"
) -> list[Bin]:
    """The bins with rows, lowest scores first; arguments as for :func:`expected_calibration_error`."""
    if bins < 1:
        raise UsageError("metrics-bad-bins", f"bins is {bins}; give a whole number from 1")
    if by not in {"width", "mass"}:
        raise UsageError("metrics-unknown-binning", f'by is {by!r}; give "width" or "mass"')
    values, answers = read_probabilities(scores, correct)
    places = _by_width(values, bins) if by == "width" else _by_mass(values, bins)
    rows = np.bincount(places, minlength=bins)
    sums = np.bincount(places, values, bins)
    right = np.bincount(places, answers, bins)
    counts = zip(rows.tolist(), sums.tolist(), right.tolist(), strict=True)
    return [Bin(n, score / n, purity / n) for n, score, purity in counts if n]


def _by_width(values: Doubles, bins: int) -> Positions:
    """Bins [i/b, (i + 1)/b); the last one includes its upper end."""
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, values, side="right")


def _by_mass(values: Doubles, bins: int) -> Positions:
    """The bin of a row depends on the number of rows with lower scores."""
    _, which, rows = np.unique(values, return_inverse=True, return_counts=True)
    lower = np.cumsum(rows) - rows
    return (lower * bins // len(values))[which]
