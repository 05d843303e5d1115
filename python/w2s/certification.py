"""Certification: thresholds whose purity is guaranteed, from rows with known answers.

The guarantee needs rows that were not used to fit the scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import DataError, UsageError, suggest_name
from w2s.kernels import GridPoint, Nulls
from w2s.kernels.arrays import Flags, Scores, check_nulls

PURITY_BOUNDS = ("clopper-pearson", "hoeffding", "betting")
"""Methods that bound a purity from below."""

DEFAULT_GRID = 100
"""Number of thresholds to choose from by default: 0, 0.01, … 0.99."""


@dataclass(frozen=True)
class Certificate:
    """The result of a certification.

    Attributes:
        purity: the target.
        delta: the probability with which the target may be missed.
        method: the method that bounds the purity.
        rows: number of calibration rows.
        reached: the threshold with the largest coverage among those whose bound reaches the target; None if
            there is none.
        nearest: in that case the threshold with the highest bound, if any threshold keeps a row.
    """

    purity: float
    delta: float
    method: str
    rows: int
    reached: GridPoint | None
    nearest: GridPoint | None

    @property
    def threshold(self) -> float | None:
        """Rows with at least this score may be kept; None if no threshold is certified."""
        return None if self.reached is None else self.reached.threshold

    def __str__(self) -> str:
        target = f"purity {self.purity:g} with probability {1 - self.delta:g} by {self.method}"
        if self.reached is not None:
            found, kept = self.reached, f"keeps {self.reached.coverage:.1%}"
            return f"{target}: threshold {found.threshold:g} {kept}, purity at least {found.bound:.4f}"
        if self.nearest is None:
            return f"{target}: no threshold keeps a row"
        near = self.nearest
        nearest = f"the nearest threshold, {near.threshold:g}, has at least {near.bound:.4f}"
        return f"{target}: out of reach; {nearest}"


def certify(
    scores: object,
    correct: object,
    *,
    purity: float = 0.95,
    delta: float = 0.05,
    method: str = "clopper-pearson",
    grid: int | Sequence[float] = DEFAULT_GRID,
    folds: object = None,
    fitted: Sequence[int] | None = None,
    nulls: Nulls = "error",
) -> Certificate:
    """Find the threshold of largest coverage with at least this purity, with probability 1 − ``delta``.

    The guarantee holds if pool rows and calibration rows are exchangeable; under a distribution shift it is a
    heuristic.

    Args:
        scores: n trust scores, as :func:`w2s.select` accepts them.
        correct: n booleans, or numbers 0 and 1: whether the label is right.
        purity: the target, in (0, 1).
        delta: the probability with which the target may be missed, in (0, 1).
        method: "clopper-pearson"; "hoeffding"; or "betting" (Waudby-Smith and Ramdas).
        grid: thresholds to choose from, fixed before the rows were seen: a number k for 0, 1/k … (k − 1)/k,
            with scores in [0, 1]; or the thresholds.
        folds: n fold ids, whole numbers; ``fitted`` names the folds that the trust function was fitted on.
        fitted: fold ids; a row of one of these folds is refused.
        nulls: "drop" leaves out rows whose score is null or NaN, or whose answer is null; otherwise they are
            an error.

    Raises:
        UsageError: a setting is unknown or out of range.
        DataError: a value is NaN or null, columns differ in length, all rows are right or all are wrong, or
            the trust function was fitted on a row.

    Example:
        >>> import numpy as np, w2s
        >>> scores = np.arange(1000) / 1000
        >>> w2s.certify(scores, scores >= 0.5, purity=0.9).threshold
        0.47
    """
    check_nulls(nulls)
    check_bound(method)
    values, answers, codes = _rows(scores, correct, folds, nulls)
    if (folds is None) != (fitted is None):
        raise UsageError(
            "certify-folds-without-fitted",
            "give folds (the fold of each row) and fitted (the folds that were fitted on) together",
        )
    reached, seen = kernels.certify(
        values,
        answers,
        purity=purity,
        delta=delta,
        bound=method.replace("-", "_"),
        grid=_thresholds(grid, values),
        folds=codes,
        fitted=fitted,
    )
    return Certificate(
        purity, delta, method, len(values), seen if reached else None, None if reached else seen
    )


def check_bound(method: str) -> None:
    """Refuse an unknown method that bounds a purity.

    Raises:
        UsageError: the message names the known methods.
    """
    if method not in PURITY_BOUNDS:
        raise UsageError(
            "certify-unknown-method", f"{method!r} is not a bound; {suggest_name(method, PURITY_BOUNDS)}"
        )


def check_grid(grid: Sequence[float]) -> None:
    """Refuse thresholds to choose from that are not finite numbers, or none.

    Raises:
        UsageError: the message names the first one.
    """
    bad = [threshold for threshold in grid if not math.isfinite(threshold)]
    if bad or not len(grid):
        what = f"holds {bad[0]}" if bad else "is empty"
        raise UsageError("certify-bad-grid", f"`grid` {what}; give finite thresholds")


def _thresholds(grid: int | Sequence[float], scores: Scores) -> Sequence[float]:
    if not isinstance(grid, int):
        return [float(threshold) for threshold in grid]
    if grid < 1:
        raise UsageError(
            "certify-bad-grid", f"`grid` is {grid}; give a number of thresholds from 1, or the thresholds"
        )
    outside = (scores < 0) | (scores > 1)
    if outside.any():
        row = int(np.argmax(outside))
        raise UsageError(
            "certify-score-not-probability",
            f"score {row} is {scores[row]:g}, outside [0, 1]; give the thresholds to choose from with `grid`",
        )
    return [i / grid for i in range(grid)]


def _rows(
    scores: object, correct: object, folds: object, nulls: Nulls
) -> tuple[Scores, Flags, npt.NDArray[np.uint32] | None]:
    column = kernels.score_column(scores)
    answers, known = kernels.correctness(correct)
    codes = None if folds is None else _fold_ids(folds)
    for name, length in (("correct", len(answers)), ("folds", None if codes is None else len(codes))):
        if length is not None and length != len(column.values):
            raise DataError(
                "certify-length-mismatch", f"{name} has {length} values for {len(column.values)} scores"
            )
    if nulls == "error":
        kernels.Column(column.values, known).refuse_nulls("correct")
        return column.refuse_nulls("scores"), answers, codes
    keep = ~np.isnan(column.values)
    for valid in (column.valid, known):
        keep &= True if valid is None else valid
    return column.values[keep], answers[keep], None if codes is None else codes[keep]


def _fold_ids(folds: object) -> npt.NDArray[np.uint32]:
    values = kernels.double_column(folds, "folds").refuse_nulls("folds")
    odd = (values < 0) | (values != np.floor(values)) | (values >= 2**32)
    if odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            "certify-bad-fold", f"folds: row {row} is {values[row]:g}; fold ids are whole numbers from 0"
        )
    return values.astype(np.uint32)
