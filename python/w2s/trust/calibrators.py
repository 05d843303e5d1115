"""Scores → probabilities, learned on gold: Platt, temperature, isotonic.

Knows nothing about where scores come from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_STEPS = 100
_LEAST = 1e-12


def sigmoid(x: Doubles) -> Doubles:
    """1 / (1 + exp(−x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def logit(p: Doubles) -> Doubles:
    """ln(p / (1 − p)), for p at least 1e-12 from 0 and 1."""
    inside = np.clip(p, _LEAST, 1 - _LEAST)
    return np.log(inside) - np.log1p(-inside)


class Line(NamedTuple):
    """Platt's two numbers: probability = sigmoid(slope · x + offset)."""

    slope: float
    offset: float

    def __call__(self, x: Doubles) -> Doubles:
        return sigmoid(self.slope * x + self.offset)


def platt(x: Doubles, right: Flags) -> Line:
    """The line whose sigmoid fits best, with targets drawn in from 0 and 1; the slope is never negative.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999; Newton's method as in Lin, Lin
    and Weng, Machine Learning 2007.
    """
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    target = np.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    centre, scale = float(x.mean()), float(x.std()) or 1.0
    design = np.stack([(x - centre) / scale, np.ones_like(x)], axis=1)
    slope, offset = _newton(design, target)
    if slope < 0:
        slope, offset = 0.0, float(logit(np.array([target.mean()]))[0])
    return Line(slope / scale, offset - slope * centre / scale)


def _newton(design: Doubles, target: Doubles, ridge: float = 1e-9) -> Doubles:
    """Logistic regression on soft targets; each step is halved until the loss falls."""
    weights = np.zeros(design.shape[1])
    loss = _loss(design @ weights, target)
    for _ in range(_STEPS):
        p = sigmoid(design @ weights)
        gradient = design.T @ (p - target)
        curvature = (design * (p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + ridge * np.eye(len(weights)), gradient)
        share = 1.0
        while _loss(design @ (weights - share * step), target) > loss and share > 1e-8:
            share /= 2
        weights = weights - share * step
        before, loss = loss, _loss(design @ weights, target)
        if before - loss <= 1e-12 * (1 + abs(loss)):
            break
    return weights


def _loss(z: Doubles, target: Doubles) -> float:
    return float(np.sum(np.logaddexp(0, z) - target * z))


def temperature(log_prob: Doubles, right: Flags) -> float:
    """The T in (0.05, 20) with which sigmoid(logit(p) / T) fits best; golden-section search over ln T.

    Source: Guo, Pleiss, Sun and Weinberger, ICML 2017, for the event that the label is right.
    """
    z = logit(np.exp(np.minimum(log_prob, 0.0)))
    target = right.astype(np.float64)
    low, high = np.log(0.05), np.log(20.0)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(80):
        left, right_ = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(z / np.exp(left), target) <= _loss(z / np.exp(right_), target):
            high = right_
        else:
            low = left
    return float(np.exp((low + high) / 2))


class Steps(NamedTuple):
    """A rising function through points, straight between them and level outside."""

    x: Doubles
    y: Doubles

    def __call__(self, x: Doubles) -> Doubles:
        return np.interp(x, self.x, self.y)


def isotonic(x: Doubles, right: Flags) -> Steps:
    """The rising function with the least squared distance to right = 1, wrong = 0: pooling of neighbours.

    Each pool is drawn to the base rate by one row of it, so that no score is certain.

    Source: Ayer et al., Annals of Mathematical Statistics 1955; Zadrozny and Elkan, KDD 2002.
    """
    distinct, which, rows = np.unique(x, return_inverse=True, return_counts=True)
    share = np.bincount(which, right, len(rows)) / rows
    pools: list[list[float]] = []  # mean, rows, distinct values
    for mean, weight in zip(share.tolist(), rows.tolist(), strict=True):
        pools.append([mean, weight, 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean_b, weight_b, count_b = pools.pop()
            mean_a, weight_a, count_a = pools.pop()
            total = weight_a + weight_b
            pools.append([(mean_a * weight_a + mean_b * weight_b) / total, total, count_a + count_b])
    base = float(right.mean())
    drawn = [(mean * weight + base) / (weight + 1) for mean, weight, _ in pools]
    values = np.maximum.accumulate(np.repeat(drawn, [int(count) for _, _, count in pools]))
    return Steps(distinct, values)
