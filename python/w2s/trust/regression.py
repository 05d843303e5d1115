"""Logistic regression with a ridge penalty, by Newton's method with conjugate gradients.

No d × d matrix is ever built.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from w2s.kernels.columns import Doubles

_NEWTON_STEPS = 60
_CONJUGATE_STEPS = 100
_GRADIENT_TOLERANCE = 1e-6  # for each row
_STEP_TOLERANCE = 1e-4  # of the squared residual: a step far from the minimum need not be exact


def sigmoid(x: Doubles) -> Doubles:
    """1 / (1 + exp(−x)), without overflow."""
    return 0.5 * (1 + np.tanh(x / 2))


def logit(p: Doubles) -> Doubles:
    """ln(p / (1 − p)), for p clipped to [1e-12, 1 − 1e-12]."""
    inside = np.clip(p, 1e-12, 1 - 1e-12)
    return np.log(inside) - np.log1p(-inside)


def fit_logistic(x: Doubles, target: Doubles, ridge: float) -> Doubles:
    """Find the weights and the offset that minimise Σ log loss + ridge / 2 · Σ weight².

    Args:
        x: n × d.
        target: n probabilities.
        ridge: the penalty, from 0; the offset has none. With 0 the targets must lie inside (0, 1).

    Returns:
        d weights, then the offset.

    Source: Lin, Weng and Keerthi, JMLR 2008, with a halving line search in place of the trust region.
    """
    penalty = np.append(np.full(x.shape[1], ridge), 0.0)
    weights = np.zeros(x.shape[1] + 1)
    loss = _loss(x, target, weights, penalty)
    for _ in range(_NEWTON_STEPS):
        p = sigmoid(_linear(x, weights))
        gradient = _transpose_product(x, p - target) + penalty * weights
        if np.abs(gradient).max() <= _GRADIENT_TOLERANCE * len(x):
            break
        step = _newton_step(x, p * (1 - p), penalty, gradient)
        share, after = 1.0, _loss(x, target, weights - step, penalty)
        while after > loss and share > 1e-6:
            share /= 2
            after = _loss(x, target, weights - share * step, penalty)
        if after >= loss:
            break
        weights, loss = weights - share * step, after
    return weights


def _newton_step(x: Doubles, curvature: Doubles, penalty: Doubles, gradient: Doubles) -> Doubles:
    """The inverse Hessian times the gradient, by preconditioned conjugate gradients."""

    def hessian(v: Doubles) -> Doubles:
        return _transpose_product(x, curvature * _linear(x, v)) + (penalty + 1e-10) * v

    diagonal = np.append(curvature @ np.square(x), curvature.sum()) + penalty + 1e-10
    return _conjugate_gradients(hessian, gradient, diagonal)


def _conjugate_gradients(matrix: Callable[[Doubles], Doubles], right: Doubles, diagonal: Doubles) -> Doubles:
    solution, residual = np.zeros_like(right), right.copy()
    scaled = residual / diagonal
    direction, size = scaled.copy(), float(residual @ scaled)
    enough = size * _STEP_TOLERANCE
    for _ in range(min(_CONJUGATE_STEPS, 2 * len(right))):
        if size <= enough:
            break
        product = matrix(direction)
        length = size / float(direction @ product)
        solution += length * direction
        residual -= length * product
        scaled = residual / diagonal
        before, size = size, float(residual @ scaled)
        direction = scaled + size / before * direction
    return solution


def _linear(x: Doubles, weights: Doubles) -> Doubles:
    z: Doubles = x @ weights[:-1] + weights[-1]
    return z


def _transpose_product(x: Doubles, rows: Doubles) -> Doubles:
    return np.append(rows @ x, rows.sum())


def _loss(x: Doubles, target: Doubles, weights: Doubles, penalty: Doubles) -> float:
    z = _linear(x, weights)
    return float(np.sum(np.logaddexp(0, z) - target * z) + np.dot(penalty, np.square(weights)) / 2)
