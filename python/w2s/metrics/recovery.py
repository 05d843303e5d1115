"""Accuracy, Recovery and PGR with intervals; a ratio is refused if its gap is too small to divide by.

Intervals are percentiles of a bootstrap over test rows and seeds. The rows are drawn once for all models,
because all models answer the same rows; the seeds of each model are drawn separately.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import as_numpy
from w2s.kernels.columns import Doubles
from w2s.metrics.bootstrap import CONFIDENCE_LEVEL, Interval, check_draws, percentile_interval

DRAWS = 2000
_MAX_CELLS = 1 << 24


class Ratio(NamedTuple):
    """A share of a gap.

    Attributes:
        value: the share; None if the interval of the gap is not above 0.
        low: lower end of its interval; None in the same case.
        high: upper end of its interval; None in the same case.
        gap: ceiling − floor, the divisor.
    """

    value: float | None
    low: float | None
    high: float | None
    gap: Interval

    def __str__(self) -> str:
        if self.value is None:
            return f"gap too small: {self.gap.value:.4f} in [{self.gap.low:.4f}, {self.gap.high:.4f}]"
        return f"{self.value:.3f} in [{self.low:.3f}, {self.high:.3f}]"


def ratio_of_gaps(x: float, floor: float, ceiling: float) -> float:
    """(x − floor) / (ceiling − floor), without an interval.

    Raises:
        UsageError: ceiling and floor are equal.

    Example:
        >>> round(ratio_of_gaps(61.9, 56.6, 64.5), 4)
        0.6709
    """
    if ceiling == floor:
        raise UsageError("metrics-no-gap", f"gap too small: ceiling and floor are both {floor:g}")
    return (x - floor) / (ceiling - floor)


def accuracy(
    correct: object, *, draws: int = DRAWS, confidence: float = CONFIDENCE_LEVEL, seed: int = 0
) -> Interval:
    """The share of right answers over n test rows, or over s seeds × n test rows.

    Args:
        correct: n or s × n flags, or scores of the rows in any unit.
        draws: number of bootstrap samples.
        confidence: confidence level of the interval, in (0, 1).
        seed: random seed of the bootstrap.

    Example:
        >>> accuracy([True, True, False, True]).value
        0.75
    """
    (means,), (sampled,) = _bootstrap({"correct": correct}, draws, seed)
    return percentile_interval(means, sampled, confidence)


def difference(
    x: object, y: object, *, draws: int = DRAWS, confidence: float = CONFIDENCE_LEVEL, seed: int = 0
) -> Interval:
    """Accuracy of x minus accuracy of y on the same test rows: a paired bootstrap.

    Args:
        x: n flags or scores, or s × n of s seeds.
        y: the same for the other model, which may have another number of seeds.
        draws: number of bootstrap samples.
        confidence: confidence level of the interval, in (0, 1).
        seed: random seed of the bootstrap.

    Raises:
        DataError: the models have different numbers of rows.

    Example:
        >>> difference([True, True, False, True], [True, False, False, True]).value
        0.25
    """
    (mean_x, mean_y), (xs, ys) = _bootstrap({"x": x, "y": y}, draws, seed)
    return percentile_interval(mean_x - mean_y, xs - ys, confidence)


def recovery(
    student: object,
    base: object,
    ceiling: object,
    *,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE_LEVEL,
    seed: int = 0,
) -> Ratio:
    """Recovery: (student − base) / (ceiling − base), where base is the untrained student.

    Args:
        student: n flags, or s × n of s seeds: whether each test row was answered right.
        base: the same for the untrained student, which may have another number of seeds.
        ceiling: the same for the student trained on the true answers of the pool.
        draws: number of bootstrap samples.
        confidence: confidence level of the intervals, in (0, 1).
        seed: random seed of the bootstrap.

    Raises:
        DataError: the models have different numbers of rows.
    """
    return _ratio({"student": student, "base": base, "ceiling": ceiling}, draws, confidence, seed)


def pgr(
    student: object,
    teacher: object,
    ceiling: object,
    *,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE_LEVEL,
    seed: int = 0,
) -> Ratio:
    """PGR: (student − teacher) / (ceiling − teacher); arguments as :func:`recovery`.

    Source: Burns et al., "Weak-to-strong generalization", 2023.
    """
    return _ratio({"student": student, "teacher": teacher, "ceiling": ceiling}, draws, confidence, seed)


def _ratio(models: dict[str, object], draws: int, confidence: float, seed: int) -> Ratio:
    means, sampled = _bootstrap(models, draws, seed)
    (x, floor, ceiling), (xs, floors, ceilings) = means, sampled
    gap = percentile_interval(ceiling - floor, ceilings - floors, confidence)
    if gap.low <= 0:
        return Ratio(None, None, None, gap)
    # A sample whose gap is 0 gives ±∞ and lies at an end; 0 / 0 counts as 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.nan_to_num((xs - floors) / (ceilings - floors), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return Ratio(*percentile_interval(ratio_of_gaps(x, floor, ceiling), shares, confidence), gap)


def _bootstrap(models: dict[str, object], draws: int, seed: int) -> tuple[list[float], list[Doubles]]:
    """The mean of each model, and its mean in each sample."""
    check_draws(draws)
    answers = [_answers(name, data) for name, data in models.items()]
    if len({array.shape[1] for array in answers}) > 1:
        counts = ", ".join(f"{name} {array.shape[1]}" for name, array in zip(models, answers, strict=True))
        raise DataError(
            "metrics-length-mismatch", f"all models must answer the same test rows; rows: {counts}"
        )
    # Rows with the same answers of all models and seeds are drawn together: their counts are multinomial.
    patterns, repeats = np.unique(np.concatenate(answers), axis=1, return_counts=True)
    starts = np.cumsum([0, *(len(array) for array in answers)])
    of_models = [patterns[start:stop] for start, stop in itertools.pairwise(starts)]
    random = np.random.default_rng(seed)
    parts = [_sample(random, of_models, repeats, size) for size in _batch_sizes(draws, len(repeats))]
    sampled = [np.concatenate([part[model] for part in parts]) for model in range(len(answers))]
    return [float(array.mean()) for array in answers], sampled


def _sample(
    random: np.random.Generator, models: list[Doubles], rows: npt.NDArray[Any], draws: int
) -> list[Doubles]:
    n = int(rows.sum())
    counts = random.multinomial(n, rows / n, size=draws)
    means = []
    for kinds in models:
        n_seeds = len(kinds)
        of_seeds = counts @ kinds.T / n
        if n_seeds == 1:
            means.append(of_seeds[:, 0])
            continue
        drawn = random.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=draws)
        means.append((of_seeds * drawn).sum(axis=1) / n_seeds)
    return means


def _batch_sizes(draws: int, kinds: int) -> list[int]:
    """Sizes of the batches in which samples are drawn, to bound the memory."""
    most = max(1, _MAX_CELLS // kinds)
    return [min(most, draws - start) for start in range(0, draws, most)]


def _answers(name: str, data: object) -> Doubles:
    """The answers of a model as seeds × rows."""
    array, valid = as_numpy(data, name)
    if array.dtype.kind not in "fiub" or array.ndim not in {1, 2} or not array.size:
        raise DataError(
            "metrics-bad-shape",
            f"{name}: shape {array.shape} of {array.dtype} is not rows, or seeds × rows, of numbers",
        )
    if valid is not None and not valid.all():
        raise DataError(
            "metrics-null-answer",
            f"{name}: row {int(np.argmin(valid))} is null; every model must answer every row",
        )
    values = np.atleast_2d(array).astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][1])
        raise DataError("metrics-infinite-answer", f"{name}: row {row} is not finite")
    return values
