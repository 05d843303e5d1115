"""Scores → probabilities, learned on gold: Platt, temperature, isotonic.

Knows nothing about where scores come from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.trust.regression import logit, regress, sigmoid

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Line(NamedTuple):
    """Platt's two numbers: probability = sigmoid(slope · x + offset)."""

    slope: float
    offset: float

    def __call__(self, x: Doubles) -> Doubles:
        """Probabilities of n values."""
        return sigmoid(self.slope * x + self.offset)


def platt(x: Doubles, right: Flags) -> Line:
    """The line whose sigmoid fits best, with targets drawn in from 0 and 1; the slope is never negative.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    target = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    centre, scale = float(x.mean()), float(x.std()) or 1.0
    slope, offset = regress(((x - centre) / scale)[:, None], target, 0.0).tolist()
    if slope < 0:
        slope, offset = 0.0, float(logit(target.mean(keepdims=True))[0])
    return Line(slope / scale, offset - slope * centre / scale)


def temperature(log_prob: Doubles, right: Flags) -> float:
    """The T in (0.05, 20) with which :func:`tempered` fits best; golden-section search over ln T.

    Source: Guo, Pleiss, Sun and Weinberger, ICML 2017, for the event that the label is right.
    """
    z = _logit_of(log_prob)
    low, high = np.log(0.05), np.log(20.0)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(80):
        lower, upper = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(z / np.exp(lower), right) <= _loss(z / np.exp(upper), right):
            high = upper
        else:
            low = lower
    return float(np.exp((low + high) / 2))


def tempered(log_prob: Doubles, temperature: float) -> Doubles:
    """sigmoid(logit(p) / T): the probability at that temperature."""
    return sigmoid(_logit_of(log_prob) / temperature)


def _logit_of(log_prob: Doubles) -> Doubles:
    return logit(np.exp(np.minimum(log_prob, 0.0)))


def _loss(z: Doubles, right: Flags) -> float:
    return float(np.sum(np.logaddexp(0, z) - right * z))


class Steps(NamedTuple):
    """A rising function through points, straight between them and level outside."""

    x: Doubles
    y: Doubles

    def __call__(self, x: Doubles) -> Doubles:
        """Probabilities of n values."""
        return np.interp(x, self.x, self.y)


def isotonic(x: Doubles, right: Flags) -> Steps:
    """The rising function with the least squared distance to right = 1, wrong = 0: pooling of neighbours.

    Each pool is then drawn to the base rate by one more row, so that no score is certain.

    Source: Ayer et al., Annals of Mathematical Statistics 1955; Zadrozny and Elkan, KDD 2002.
    """
    distinct, which, rows = np.unique(x, return_inverse=True, return_counts=True)
    means, weights, sizes = _pooled(np.bincount(which, right, len(rows)) / rows, rows)
    drawn = np.maximum.accumulate((means * weights + right.mean()) / (weights + 1))
    ends = np.cumsum(sizes) - 1
    starts = ends - sizes + 1
    corners = np.unique(np.concatenate([starts, ends]))
    return Steps(distinct[corners], np.repeat(drawn, sizes)[corners])


def _pooled(share: Doubles, rows: npt.NDArray[np.int64]) -> tuple[Doubles, Doubles, npt.NDArray[np.int64]]:
    """Mean, rows and distinct values of each pool, means strictly rising."""
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
