"""How much of a gap was closed, with intervals, and refused where the gap is too small to divide by.

Knows nothing about who was trained. Intervals are percentiles of a bootstrap over test rows and seeds: the
rows are drawn once for all models, since all answered the same ones; the seeds of each model are drawn apart.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import as_numpy
from w2s.kernels.numbers import Doubles

DRAWS = 2000
CONFIDENCE = 0.95
CELLS_AT_ONCE = 1 << 24


class Interval(NamedTuple):
    """A value and the interval in which a bootstrap finds it."""

    value: float
    low: float
    high: float


class Ratio(NamedTuple):
    """A share of a gap.

    Attributes:
        value: the share; None where the interval of the gap is not above 0.
        low: lower end of its interval; None likewise.
        high: upper end.
        gap: ceiling − floor, what is divided by.
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

    >>> round(ratio_of_gaps(61.9, 56.6, 64.5), 4)
    0.6709
    """
    if ceiling == floor:
        raise UsageError("metrics-no-gap", f"gap too small: ceiling and floor are both {floor:g}")
    return (x - floor) / (ceiling - floor)


def accuracy(
    correct: object, *, draws: int = DRAWS, confidence: float = CONFIDENCE, seed: int = 0
) -> Interval:
    """The share of right answers, over n test rows, or over s seeds of a model × n rows.

    Args:
        correct: n or s × n flags, or scores of a row in any unit.
        draws: bootstrap samples.
        confidence: of the interval, in (0, 1).
        seed: of the samples.

    >>> accuracy([True, True, False, True]).value
    0.75
    """
    (means,), (sampled,) = _bootstrap({"correct": correct}, draws, seed)
    return _interval(means, sampled, confidence)


def difference(
    x: object, y: object, *, draws: int = DRAWS, confidence: float = CONFIDENCE, seed: int = 0
) -> Interval:
    """Accuracy of x less that of y on the same test rows: the rows are drawn for both together.

    Args:
        x: n flags or scores, or s × n of s seeds.
        y: the same of the other model; its own number of seeds.
        draws: bootstrap samples.
        confidence: of the interval, in (0, 1).
        seed: of the samples.

    Raises:
        DataError: the models did not answer equally many rows.

    >>> difference([True, True, False, True], [True, False, False, True]).value
    0.25
    """
    (mean_x, mean_y), (xs, ys) = _bootstrap({"x": x, "y": y}, draws, seed)
    return _interval(mean_x - mean_y, xs - ys, confidence)


def recovery(
    student: object,
    base: object,
    ceiling: object,
    *,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Ratio:
    """Recovery: (student − base) / (ceiling − base), base being the untrained student.

    Args:
        student: n flags, or s × n of s seeds: which test rows were answered right.
        base: the same of the untrained student; its own number of seeds.
        ceiling: the same of the student trained on the pool's gold.
        draws: bootstrap samples.
        confidence: of the intervals, in (0, 1).
        seed: of the samples.

    Raises:
        DataError: the models did not answer equally many rows.
    """
    return _ratio({"student": student, "base": base, "ceiling": ceiling}, draws, confidence, seed)


def pgr(
    student: object,
    teacher: object,
    ceiling: object,
    *,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Ratio:
    """PGR: (student − teacher) / (ceiling − teacher); arguments as :func:`recovery`.

    Source: Burns et al., "Weak-to-strong generalization", 2023.
    """
    return _ratio({"student": student, "teacher": teacher, "ceiling": ceiling}, draws, confidence, seed)


def _ratio(models: dict[str, object], draws: int, confidence: float, seed: int) -> Ratio:
    means, sampled = _bootstrap(models, draws, seed)
    (x, floor, ceiling), (xs, floors, ceilings) = means, sampled
    gap = _interval(ceiling - floor, ceilings - floors, confidence)
    if gap.low <= 0:
        return Ratio(None, None, None, gap)
    # A sample whose gap is 0 divides to ±∞ and lies at an end; 0 / 0 says nothing about either.
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.nan_to_num((xs - floors) / (ceilings - floors), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return Ratio(*_interval(ratio_of_gaps(x, floor, ceiling), shares, confidence), gap)


def _interval(value: float, sampled: Doubles, confidence: float) -> Interval:
    if not 0 < confidence < 1:
        raise UsageError("metrics-bad-confidence", f"confidence is {confidence:g}; give a number in (0, 1)")
    outside = (1 - confidence) / 2
    low, high = np.quantile(sampled, [outside, 1 - outside], method="inverted_cdf")
    return Interval(float(value), float(low), float(high))


def _bootstrap(models: dict[str, object], draws: int, seed: int) -> tuple[list[float], list[Doubles]]:
    """The mean of each model, and its mean in each sample."""
    if draws < 1:
        raise UsageError("metrics-bad-draws", f"draws is {draws}; give a whole number from 1")
    answers = [_answers(name, data) for name, data in models.items()]
    if len({array.shape[1] for array in answers}) > 1:
        counts = ", ".join(f"{name} {array.shape[1]}" for name, array in zip(models, answers, strict=True))
        raise DataError(
            "metrics-length-mismatch", f"all models must answer the same test rows; rows: {counts}"
        )
    # Rows answered alike by every model and seed are drawn together: their counts are multinomial.
    kinds, rows = np.unique(np.concatenate(answers), axis=1, return_counts=True)
    starts = np.cumsum([0, *(len(array) for array in answers)])
    of_models = [kinds[start:stop] for start, stop in itertools.pairwise(starts)]
    random = np.random.default_rng(seed)
    parts = [_sample(random, of_models, rows, size) for size in _parts(draws, len(rows))]
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


def _parts(draws: int, kinds: int) -> list[int]:
    """Sizes of the parts in which samples are drawn, so that memory stays bounded."""
    most = max(1, CELLS_AT_ONCE // kinds)
    return [min(most, draws - start) for start in range(0, draws, most)]


def _answers(name: str, data: object) -> Doubles:
    """Seeds × rows."""
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
