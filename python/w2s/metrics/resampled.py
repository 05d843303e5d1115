"""How good trust scores are, with intervals: AUC, calibration error, Brier score, purity at coverages.

Knows nothing about who gave the scores. Intervals are percentiles of a bootstrap over rows, or over groups of
rows that belong together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.kernels import Flags
from w2s.kernels.numbers import Doubles, Positions
from w2s.metrics.calibration import BINS, brier, expected_calibration_error
from w2s.metrics.ranking import auc, purity_at
from w2s.metrics.recovery import CONFIDENCE, Interval
from w2s.metrics.scored import probabilities

COVERAGES = (0.10, 0.25, 0.50)
_CELLS_AT_ONCE = 1 << 22


def trust_measures(
    scores: object,
    correct: object,
    *,
    coverages: Sequence[float] = COVERAGES,
    groups: Sequence[object] | None = None,
    draws: int = 1000,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> dict[str, Interval]:
    """``auc``, ``ece``, ``brier`` and, for each coverage, ``purity@25%``: the value and its interval.

    Args:
        scores: n probabilities.
        correct: n flags.
        coverages: shares kept, in (0, 1].
        groups: n names; rows of one name are drawn together. Each row for itself where None.
        draws: bootstrap samples.
        confidence: of the intervals, in (0, 1).
        seed: of the samples.

    Raises:
        DataError: every row is right, or none; scores outside [0, 1].
        UsageError: a coverage that keeps no row.

    >>> found = trust_measures([0.9, 0.8, 0.3, 0.2], [True, True, False, True], coverages=[0.5])
    >>> round(found["auc"].value, 3), found["purity@50%"].value
    (0.667, 1.0)
    """
    values, answers = probabilities(scores, correct)
    if draws < 1:
        raise UsageError("metrics-bad-draws", f"draws is {draws}; give a whole number from 1")
    exact = [auc(values, answers), expected_calibration_error(values, answers), brier(values, answers)]
    exact += [purity_at(values, answers, coverage) for coverage in coverages]
    names = ["auc", "ece", "brier", *(f"purity@{100 * coverage:g}%" for coverage in coverages)]
    sampled = _sampled(values, answers, coverages, _units(groups, len(values)), draws, seed)
    return {
        name: _interval(value, column, confidence)
        for name, value, column in zip(names, exact, sampled.T, strict=True)
    }


def _units(groups: Sequence[object] | None, rows: int) -> Positions:
    """Which unit each row is drawn with."""
    if groups is None:
        return np.arange(rows)
    if len(groups) != rows:
        raise DataError("metrics-length-mismatch", f"groups has {len(groups)} names for {rows} rows")
    places: dict[object, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in groups], np.int64)


def _interval(value: float, sampled: Doubles, confidence: float) -> Interval:
    outside = (1 - confidence) / 2
    defined = sampled[~np.isnan(sampled)]  # a sample of one class has no AUC
    if not len(defined):
        return Interval(value, value, value)
    low, high = np.quantile(defined, [outside, 1 - outside], method="inverted_cdf")
    return Interval(value, float(low), float(high))


def _sampled(
    values: Doubles, answers: Flags, coverages: Sequence[float], units: Positions, draws: int, seed: int
) -> Doubles:
    """Draws × measures. Rows lie from the highest score down; a sample is how often each is in it."""
    order = np.argsort(-values, kind="stable")
    values, answers, units = values[order], answers[order], units[order]
    random = np.random.default_rng(seed)
    n_units = int(units.max()) + 1
    together = max(1, _CELLS_AT_ONCE // len(values))
    parts = []
    for start in range(0, draws, together):
        count = min(together, draws - start)
        drawn = random.multinomial(n_units, np.full(n_units, 1 / n_units), size=count)
        parts.append(_measured(values, answers, drawn[:, units].astype(np.float64), coverages))
    return np.concatenate(parts)


def _measured(values: Doubles, answers: Flags, times: Doubles, coverages: Sequence[float]) -> Doubles:
    """The measures of each sample: ``times`` is draws × rows."""
    total = times.sum(axis=1)
    starts = np.flatnonzero(np.diff(values, prepend=np.inf))
    rows = np.add.reduceat(times, starts, axis=1)
    right = np.add.reduceat(times * answers, starts, axis=1)
    squared = times @ np.square(values - answers) / total
    columns = [_auc(rows, right), _ece(values, answers, times) / total, squared]
    columns += [_purity(rows, right, total, coverage) for coverage in coverages]
    return np.stack(columns, axis=1)


def _auc(rows: Doubles, right: Doubles) -> Doubles:
    wrong = rows - right
    right_above = np.cumsum(right, axis=1) - right
    won = np.sum(wrong * (right_above + 0.5 * right), axis=1)
    pairs = right.sum(axis=1) * wrong.sum(axis=1)
    found: Doubles = np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)
    return found


def _ece(values: Doubles, answers: Flags, times: Doubles) -> Doubles:
    """Sum over the bins of |sum of scores − number of right ones|."""
    places = np.searchsorted(np.arange(1, BINS) / BINS, values, side="right")
    apart = np.zeros((len(values), BINS))
    apart[np.arange(len(values)), places] = values - answers
    found: Doubles = np.abs(times @ apart).sum(axis=1)
    return found


def _purity(rows: Doubles, right: Doubles, total: Doubles, coverage: float) -> Doubles:
    """Share of right ones among the highest ⌊n · coverage + ½⌋, at least one; equal scores in equal parts."""
    kept = np.maximum(np.floor(total * coverage + 0.5), 1)[:, None]
    above = np.cumsum(rows, axis=1) - rows
    taken = np.clip(kept - above, 0, rows)
    shares = np.divide(right, rows, out=np.zeros_like(right), where=rows > 0)
    purity: Doubles = (taken * shares).sum(axis=1) / kept[:, 0]
    return purity
