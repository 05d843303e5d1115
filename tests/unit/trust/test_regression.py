"""Logistic regression against a plain optimiser."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.trust.regression import fit_logistic, logit, sigmoid

optimize = pytest.importorskip("scipy.optimize")


def sample(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, d))
    return x, (x @ draw.normal(size=d) + draw.logistic(size=n) > 0.3).astype(np.float64)


@pytest.mark.parametrize(("n", "d", "ridge"), [(200, 5, 1.0), (60, 100, 10.0), (500, 3, 1e-3)])
def test_regression_finds_the_minimum(n: int, d: int, ridge: float) -> None:
    x, y = sample(n, d, 1)

    def loss(w: np.ndarray) -> float:
        z = x @ w[:-1] + w[-1]
        return float(np.sum(np.logaddexp(0, z) - y * z) + ridge / 2 * np.sum(w[:-1] ** 2))

    oracle = optimize.minimize(loss, np.zeros(d + 1), method="BFGS", options={"gtol": 1e-7, "maxiter": 5000})
    found = fit_logistic(x, y, ridge)
    assert loss(found) <= oracle.fun + 1e-6
    np.testing.assert_allclose(found, oracle.x, atol=1e-3)


def test_column_of_zeros_has_no_weight() -> None:
    x, y = sample(100, 3, 2)
    assert fit_logistic(np.column_stack([x, np.zeros(100)]), y, 1.0)[3] == 0


def test_sigmoid_and_logit_are_inverse_without_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]
    p = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(sigmoid(logit(p)), p, atol=1e-12)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
