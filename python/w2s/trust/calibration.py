"""Calibration: one number for each label becomes a probability, by a curve that is fitted on gold.

:class:`Platt`, :class:`Temperature` and :class:`Isotonic` are the curves; :class:`CalibratedScore` is the
trust method that applies one to a number of each label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2s.config import Config
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles, Positions
from w2s.trust import columns
from w2s.trust.function import FittedState, NoOptions
from w2s.trust.regression import fit_logistic, logit, sigmoid


class Platt(NamedTuple):
    """Platt scaling: probability = sigmoid(slope · x + offset).

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    slope: float
    offset: float

    @classmethod
    def fit(cls, x: Doubles, correct: Flags) -> Platt:
        """Fit slope and offset to n numbers and n flags; the slope is never negative.

        The targets are moved slightly inwards from 0 and 1, as in the source.
        """
        n_right, n_wrong = int(correct.sum()), int((~correct).sum())
        target = np.where(correct, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
        centre, scale = float(x.mean()), float(x.std()) or 1.0
        slope, offset = fit_logistic(((x - centre) / scale)[:, None], target, 0.0).tolist()
        if slope < 0:
            slope, offset = 0.0, float(logit(target.mean(keepdims=True))[0])
        return cls(slope / scale, offset - slope * centre / scale)

    def __call__(self, x: Doubles) -> Doubles:
        """Return the probabilities of n numbers."""
        return sigmoid(self.slope * x + self.offset)


class Temperature(NamedTuple):
    """Temperature scaling of log-probabilities: probability = sigmoid(logit(p) / temperature).

    Attributes:
        temperature: one number, as an array of shape (1,).

    Source: Guo, Pleiss, Sun and Weinberger, ICML 2017, for the event that the label is right.
    """

    temperature: Doubles

    @classmethod
    def fit(cls, log_prob: Doubles, correct: Flags) -> Temperature:
        """Find the temperature in (0.05, 20) of least log loss, by golden-section search."""
        z = _label_logit(log_prob)
        low, high = np.log(0.05), np.log(20.0)
        ratio = (np.sqrt(5) - 1) / 2
        for _ in range(80):
            lower, upper = high - ratio * (high - low), low + ratio * (high - low)
            if _log_loss(z / np.exp(lower), correct) <= _log_loss(z / np.exp(upper), correct):
                high = upper
            else:
                low = lower
        return cls(np.array([np.exp((low + high) / 2)]))

    def __call__(self, log_prob: Doubles) -> Doubles:
        """Return the probabilities of n log-probabilities at this temperature."""
        return sigmoid(_label_logit(log_prob) / self.temperature)


def _label_logit(log_prob: Doubles) -> Doubles:
    return logit(np.exp(np.minimum(log_prob, 0.0)))


def _log_loss(z: Doubles, correct: Flags) -> float:
    return float(np.sum(np.logaddexp(0, z) - correct * z))


class Isotonic(NamedTuple):
    """Isotonic regression: a rising curve through points, linear between them and constant outside.

    Attributes:
        x: k numbers, ascending.
        y: k probabilities, not descending.

    Source: Ayer et al., Annals of Mathematical Statistics 1955; Zadrozny and Elkan, KDD 2002.
    """

    x: Doubles
    y: Doubles

    @classmethod
    def fit(cls, x: Doubles, correct: Flags) -> Isotonic:
        """Find the rising curve of least squares by pooling adjacent violators.

        One further row of the base rate is then added to each pool, so that no probability is 0 or 1.
        """
        distinct, which, rows = np.unique(x, return_inverse=True, return_counts=True)
        means, weights, sizes = _pool_violators(np.bincount(which, correct, len(rows)) / rows, rows)
        smoothed = np.maximum.accumulate((means * weights + correct.mean()) / (weights + 1))
        ends = np.cumsum(sizes) - 1
        starts = ends - sizes + 1
        corners = np.unique(np.concatenate([starts, ends]))
        return cls(distinct[corners], np.repeat(smoothed, sizes)[corners])

    def __call__(self, x: Doubles) -> Doubles:
        """Return the probabilities of n numbers."""
        return np.interp(x, self.x, self.y)


def _pool_violators(share: Doubles, rows: Positions) -> tuple[Doubles, Doubles, Positions]:
    """Mean, number of rows and number of distinct values of each pool; the means rise strictly."""
    pools: list[tuple[float, float, int]] = []
    for mean, weight in zip(share.tolist(), rows.tolist(), strict=True):
        pool = (mean, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            before = pools.pop()
            total = before[1] + pool[1]
            pool = ((before[0] * before[1] + pool[0] * pool[1]) / total, total, before[2] + pool[2])
        pools.append(pool)
    means, weights, sizes = zip(*pools, strict=True)
    return np.array(means), np.array(weights, np.float64), np.array(sizes, np.int64)


@dataclass(frozen=True)
class CalibratedScore:
    """The trust method that calibrates one number of each label.

    A label without the number gets the share of right labels among the gold without it.

    Attributes:
        name: the name in the registry.
        about: one line for people.
        evidence: names of the evidence that ``value`` reads.
        value: returns n numbers, NaN where unknown.
        calibrator: the class of the curve.
        options: the class of the options that ``value`` takes.
    """

    name: str
    about: str
    evidence: frozenset[str]
    value: Callable[[Labels, Any], Doubles]
    calibrator: type[Isotonic] | type[Temperature]
    options: type[Config] = NoOptions

    def needs(self, options: Config) -> frozenset[str]:
        """Return the names of the evidence."""
        return self.evidence

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Config) -> FittedState:
        """Fit the curve, and the share of right labels among those without the number."""
        x = self.value(labels, options)
        known = ~np.isnan(x)
        if not known.any():
            raise DataError(
                "trust-gold-without-evidence",
                f"{self.name}: {', '.join(sorted(self.needs(options)))} is null in every gold row",
            )
        base = float(correct.mean())
        without = (float(correct[~known].sum()) + base) / (float((~known).sum()) + 1)
        curve = self.calibrator.fit(x[known], correct[known])
        return FittedState(arrays={"without": np.array([without]), **curve._asdict()})

    def score(self, labels: Labels, state: FittedState, options: Config) -> Doubles:
        """Return n probabilities."""
        x = self.value(labels, options)
        known = ~np.isnan(x)
        scores = np.full(len(x), float(state.arrays["without"][0]))
        curve = self.calibrator(*(state.arrays[name] for name in self.calibrator._fields))
        scores[known] = curve(x[known])
        return scores


def _log_prob(labels: Labels, options: Config) -> Doubles:
    return columns.numbers(labels, "log_prob")


TEMPERATURE = CalibratedScore(
    "temperature",
    "confidence, calibrated by one fitted temperature",
    frozenset({"log_prob"}),
    _log_prob,
    Temperature,
)


class IsotonicOptions(Config):
    """Options of ``isotonic``.

    Attributes:
        column: the column of numbers that the curve reads; the higher, the more likely the label is right.
    """

    column: str = "log_prob"


class CalibratedColumn(CalibratedScore):
    """The trust method that calibrates a column of the user's choice."""

    def needs(self, options: Config) -> frozenset[str]:
        """Return the column."""
        return frozenset({_column(options)})


def _column(options: Config) -> str:
    assert isinstance(options, IsotonicOptions)
    return options.column


ISOTONIC = CalibratedColumn(
    "isotonic",
    "confidence, calibrated by isotonic regression",
    frozenset(),
    lambda labels, options: columns.numbers(labels, _column(options)),
    Isotonic,
    IsotonicOptions,
)
