"""Thresholds with a guaranteed purity or false discovery rate: checks of the rows, and the methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.certification.fdr import FdrCertificate, FdrCut, check_fdr
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


@overload
def certify(
    scores: object,
    correct: object,
    *,
    purity: float | None = None,
    delta: float = 0.05,
    method: str = "clopper-pearson",
    grid: int | Sequence[float] = DEFAULT_GRID,
    fdr: None = None,
    pool: None = None,
    folds: object = None,
    fitted: Sequence[int] | None = None,
    nulls: Nulls = "error",
) -> Certificate: ...
@overload
def certify(
    scores: object,
    correct: object,
    *,
    fdr: float,
    pool: object,
    folds: object = None,
    fitted: Sequence[int] | None = None,
    nulls: Nulls = "error",
) -> FdrCertificate: ...
def certify(
    scores: object,
    correct: object,
    *,
    purity: float | None = None,
    delta: float = 0.05,
    method: str = "clopper-pearson",
    grid: int | Sequence[float] = DEFAULT_GRID,
    fdr: float | None = None,
    pool: object = None,
    folds: object = None,
    fitted: Sequence[int] | None = None,
    nulls: Nulls = "error",
) -> Certificate | FdrCertificate:
    """Find the threshold that keeps most rows, with a guarantee on how many of them are right.

    With ``purity``: at least this share of the kept rows is right, with probability 1 − ``delta``. With
    ``fdr``: the expected share of wrong rows among the kept rows of the pool is at most this, by conformal
    p-values and Benjamini and Hochberg's procedure (see :mod:`w2s.certification.fdr`); it keeps more rows,
    and one run may have more wrong rows than the expectation.

    Both hold if pool rows and calibration rows are exchangeable; under a distribution shift they are
    heuristics.

    Args:
        scores: n trust scores of the calibration rows, as :func:`w2s.select` accepts them.
        correct: n booleans, or numbers 0 and 1: whether the label is right.
        purity: the target, in (0, 1); 0.95 if neither ``purity`` nor ``fdr`` is given.
        delta: the probability with which the purity may be missed, in (0, 1).
        method: bound of the purity: "clopper-pearson"; "hoeffding"; or "betting" (Waudby-Smith and Ramdas).
        grid: thresholds to choose from, for a purity, fixed before the rows were seen: a number k for 0,
            1/k … (k − 1)/k, with scores in [0, 1]; or the thresholds.
        fdr: the level of the false discovery rate, in (0, 1).
        pool: scores of the rows to choose from, whose labels may be wrong; for ``fdr`` only.
        folds: n fold ids, whole numbers; ``fitted`` names the folds that the trust function was fitted on.
        fitted: fold ids; a row of one of these folds is refused.
        nulls: "drop" leaves out rows whose score is null or NaN, or whose answer is null; otherwise they are
            an error.

    Raises:
        UsageError: a setting is unknown or out of range, or both guarantees are given.
        DataError: a value is NaN or null, columns differ in length, the trust function was fitted on a row,
            or, for a purity, all rows are right or all are wrong.

    Example:
        >>> import numpy as np, w2s
        >>> scores = np.arange(1000) / 1000
        >>> w2s.certify(scores, scores >= 0.5, purity=0.9).threshold
        0.47
        >>> w2s.certify(scores, scores >= 0.5, fdr=0.1, pool=scores).threshold
        0.446
    """
    check_nulls(nulls)
    check_bound(method)
    if fdr is not None:
        check_fdr(fdr)
    if purity is not None and fdr is not None:
        raise UsageError("certify-two-guarantees", "give `purity` or `fdr`, not both")
    if (fdr is None) != (pool is None):
        raise UsageError(
            "certify-fdr-without-pool", "`fdr` needs the scores of the `pool`, and only `fdr` does"
        )
    values, answers, codes = _rows(scores, correct, folds, nulls)
    if (folds is None) != (fitted is None):
        raise UsageError(
            "certify-folds-without-fitted",
            "give folds (the fold of each row) and fitted (the folds that were fitted on) together",
        )
    if fdr is not None:
        _refuse_fitted(codes, fitted)
        cut = FdrCut(_without_nan(values), answers)
        cut.add(_pool_scores(pool, nulls))
        return cut.certificate(fdr)
    target = 0.95 if purity is None else purity
    reached, seen = kernels.certify(
        values,
        answers,
        purity=target,
        delta=delta,
        bound=method.replace("-", "_"),
        grid=_thresholds(grid, values),
        folds=codes,
        fitted=fitted,
    )
    return Certificate(
        target, delta, method, len(values), seen if reached else None, None if reached else seen
    )


def _refuse_fitted(codes: npt.NDArray[np.uint32] | None, fitted: Sequence[int] | None) -> None:
    """Refuse a row of a fold that the trust function was fitted on, as certificates of a purity do."""
    bad = np.zeros(0, bool) if codes is None else np.isin(codes, np.asarray(fitted))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            "certify-fitted-row",
            f"row {row} is in a fold on which the trust function was fitted; calibrate on rows held back",
        )


def _pool_scores(pool: object, nulls: Nulls) -> Scores:
    column = kernels.score_column(pool, "pool")
    if nulls == "error":
        return _without_nan(column.refuse_nulls("pool"), "pool: ")
    present = ~np.isnan(column.values)
    return column.values[present if column.valid is None else present & column.valid]


def _without_nan(scores: Scores, where: str = "") -> Scores:
    """The scores.

    Raises:
        DataError: one is NaN.
    """
    if np.isnan(scores).any():
        row = int(np.argmax(np.isnan(scores)))
        raise DataError("certify-nan-score", f"{where}score {row} is NaN; drop such rows first")
    return scores


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
