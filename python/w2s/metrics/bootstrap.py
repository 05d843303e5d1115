"""Bootstrap intervals, and measures of trust scores with intervals: AUC, calibration error, Brier, purity.

Intervals are percentiles of a bootstrap over rows, or over groups of rows that belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.metrics.calibration import BINS, brier, expected_calibration_error, read_probabilities
from w2s.metrics.ranking import auc, purity_at, stratum_numbers

COVERAGES = (0.10, 0.25, 0.50)
CONFIDENCE_LEVEL = 0.95
_MAX_CELLS = 1 << 22


class Interval(NamedTuple):
    """A value and its bootstrap interval."""

    value: float
    low: float
    high: float


def percentile_interval(value: float, sampled: Doubles, confidence: float) -> Interval:
    """Return the percentile interval of bootstrap samples; NaN samples are left out.

    Args:
        value: the value of all rows.
        sampled: the value of each sample. If all are NaN, the interval is the value itself.
        confidence: confidence level, in (0, 1).

    Raises:
        UsageError: the confidence level is outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise UsageError("metrics-bad-confidence", f"confidence is {confidence:g}; give a number in (0, 1)")
    defined = sampled[~np.isnan(sampled)]
    if not len(defined):
        return Interval(float(value), float(value), float(value))
    outside = (1 - confidence) / 2
    low, high = np.quantile(defined, [outside, 1 - outside], method="inverted_cdf")
    return Interval(float(value), float(low), float(high))


def check_draws(draws: int) -> None:
    """Refuse a number of bootstrap samples below 1.

    Raises:
        UsageError: ``draws`` is below 1.
    """
    if draws < 1:
        raise UsageError("metrics-bad-draws", f"draws is {draws}; give a whole number from 1")


def trust_measures(
    scores: object,
    correct: object,
    *,
    coverages: Sequence[float] = COVERAGES,
    groups: Sequence[object] | None = None,
    strata: Sequence[object] | None = None,
    draws: int = 1000,
    confidence: float = CONFIDENCE_LEVEL,
    seed: int = 0,
) -> dict[str, Interval]:
    """``auc``, ``ece``, ``brier`` and, for each coverage, ``purity@25%`` of trust scores, with intervals.

    Args:
        scores: n probabilities.
        correct: n flags: whether the label is right.
        coverages: shares of the rows that are kept, in (0, 1].
        groups: n names; rows of one name are drawn together. None draws each row separately.
        strata: n names, such as folds; the AUC compares only rows of one name. None compares all rows.
        draws: number of bootstrap samples.
        confidence: confidence level of the intervals, in (0, 1).
        seed: random seed of the bootstrap.

    Returns:
        The interval of each measure, by its name.

    Raises:
        DataError: all rows are right or all are wrong, or a score is outside [0, 1].
        UsageError: a coverage keeps no row.

    Example:
        >>> found = trust_measures([0.9, 0.8, 0.3, 0.2], [True, True, False, True], coverages=[0.5])
        >>> round(found["auc"].value, 3), found["purity@50%"].value
        (0.667, 1.0)
    """
    values, answers = read_probabilities(scores, correct)
    check_draws(draws)
    exact = [
        auc(values, answers, strata),
        expected_calibration_error(values, answers),
        brier(values, answers),
    ]
    exact += [purity_at(values, answers, coverage) for coverage in coverages]
    names = ["auc", "ece", "brier", *(f"purity@{100 * coverage:g}%" for coverage in coverages)]
    units, parts = _units(groups, len(values)), stratum_numbers(strata, len(values))
    sampled = _sampled(_Rows(values, answers, units, parts).sorted(), coverages, draws, seed)
    return {
        name: percentile_interval(value, column, confidence)
        for name, value, column in zip(names, exact, sampled.T, strict=True)
    }


def _units(groups: Sequence[object] | None, rows: int) -> Positions:
    """The number of the unit with which each row is drawn."""
    if groups is None:
        return np.arange(rows)
    if len(groups) != rows:
        raise DataError("metrics-length-mismatch", f"groups has {len(groups)} names for {rows} rows")
    places: dict[object, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in groups], np.int64)


class _Rows(NamedTuple):
    """Scores, flags, units that are drawn together, and strata in which the AUC compares; n of each."""

    values: Doubles
    answers: Flags
    units: Positions
    strata: Positions

    def sorted(self) -> _Rows:
        """The rows with the highest score first."""
        order = np.argsort(-self.values, kind="stable")
        return _Rows(self.values[order], self.answers[order], self.units[order], self.strata[order])


def _sampled(rows: _Rows, coverages: Sequence[float], draws: int, seed: int) -> Doubles:
    """The measures of each sample, draws × measures; a sample is the number of times each row is drawn."""
    random = np.random.default_rng(seed)
    n_units = int(rows.units.max()) + 1
    batch = max(1, _MAX_CELLS // len(rows.values))
    parts = []
    for start in range(0, draws, batch):
        count = min(batch, draws - start)
        drawn = random.multinomial(n_units, np.full(n_units, 1 / n_units), size=count)
        parts.append(_measured(rows, drawn[:, rows.units].astype(np.float64), coverages))
    return np.concatenate(parts)


def _measured(sorted_rows: _Rows, times: Doubles, coverages: Sequence[float]) -> Doubles:
    """The measures of each sample. Rows are sorted, highest score first; ``times`` is draws × rows."""
    values, answers, _, strata = sorted_rows
    total = times.sum(axis=1)
    starts = np.flatnonzero(np.diff(values, prepend=np.inf))
    rows = np.add.reduceat(times, starts, axis=1)
    right = np.add.reduceat(times * answers, starts, axis=1)
    squared = times @ np.square(values - answers) / total
    columns = [_auc(values, answers, times, strata), _ece(values, answers, times) / total, squared]
    columns += [_purity(rows, right, total, coverage) for coverage in coverages]
    return np.stack(columns, axis=1)


def _auc(values: Doubles, answers: Flags, times: Doubles, strata: Positions) -> Doubles:
    won, pairs = np.zeros(len(times)), np.zeros(len(times))
    for stratum in range(int(strata.max()) + 1):
        here = strata == stratum
        starts = np.flatnonzero(np.diff(values[here], prepend=np.inf))
        rows = np.add.reduceat(times[:, here], starts, axis=1)
        right = np.add.reduceat(times[:, here] * answers[here], starts, axis=1)
        wrong = rows - right
        right_above = np.cumsum(right, axis=1) - right
        won += np.sum(wrong * (right_above + 0.5 * right), axis=1)
        pairs += right.sum(axis=1) * wrong.sum(axis=1)
    found: Doubles = np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)
    return found


def _ece(values: Doubles, answers: Flags, times: Doubles) -> Doubles:
    """Sum over the bins of |sum of scores − number of right rows|."""
    places = np.searchsorted(np.arange(1, BINS) / BINS, values, side="right")
    errors = np.zeros((len(values), BINS))
    errors[np.arange(len(values)), places] = values - answers
    found: Doubles = np.abs(times @ errors).sum(axis=1)
    return found


def _purity(rows: Doubles, right: Doubles, total: Doubles, coverage: float) -> Doubles:
    """Share of right rows among the top ⌊n · coverage + ½⌋, at least one; ties count in equal parts."""
    kept = np.maximum(np.floor(total * coverage + 0.5), 1)[:, None]
    above = np.cumsum(rows, axis=1) - rows
    taken = np.clip(kept - above, 0, rows)
    shares = np.divide(right, rows, out=np.zeros_like(right), where=rows > 0)
    purity: Doubles = (taken * shares).sum(axis=1) / kept[:, 0]
    return purity
