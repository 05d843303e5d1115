"""Platt, temperature, isotonic and the regression below them, against plain oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.trust.calibrators import isotonic, platt, temperature, tempered
from w2s.trust.regression import logit, regress, sigmoid

optimize = pytest.importorskip("scipy.optimize")


def sample(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, d))
    return x, (x @ draw.normal(size=d) + draw.logistic(size=n) > 0.3).astype(np.float64)


@pytest.mark.parametrize(("n", "d", "ridge"), [(200, 5, 1.0), (60, 100, 10.0), (500, 3, 1e-3)])
def test_the_regression_finds_the_minimum(n: int, d: int, ridge: float) -> None:
    x, y = sample(n, d, 1)

    def loss(w: np.ndarray) -> float:
        z = x @ w[:-1] + w[-1]
        return float(np.sum(np.logaddexp(0, z) - y * z) + ridge / 2 * np.sum(w[:-1] ** 2))

    oracle = optimize.minimize(loss, np.zeros(d + 1), method="BFGS", options={"gtol": 1e-7, "maxiter": 5000})
    found = regress(x, y, ridge)
    assert loss(found) <= oracle.fun + 1e-6
    np.testing.assert_allclose(found, oracle.x, atol=1e-3)


def test_a_column_of_zeros_has_no_weight() -> None:
    x, y = sample(100, 3, 2)
    assert regress(np.column_stack([x, np.zeros(100)]), y, 1.0)[3] == 0


def test_sigmoid_and_logit_are_inverse_and_never_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]
    p = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(sigmoid(logit(p)), p, atol=1e-12)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_platt_makes_probabilities_of_any_scale() -> None:
    draw = np.random.default_rng(3)
    z = draw.normal(size=20_000)
    right = draw.random(20_000) < sigmoid(1.5 * z - 0.5)
    line = platt(1000 * z + 7, right)
    np.testing.assert_allclose(line(1000 * z + 7), sigmoid(1.5 * z - 0.5), atol=0.03)


def test_platt_never_turns_an_order_round() -> None:
    x = np.arange(20.0)
    line = platt(x, x < 10)
    assert line.slope == 0
    np.testing.assert_allclose(line(x), 0.5)


def test_platt_bears_separation_and_a_constant() -> None:
    x = np.arange(20.0)
    assert np.isfinite(platt(x, x >= 10)).all()
    np.testing.assert_allclose(
        platt(np.ones(4), np.array([True, False, True, True]))(np.ones(1)), 0.65, atol=0.1
    )


@pytest.mark.parametrize("t", [0.4, 1.0, 3.0])
def test_the_temperature_that_was_used_is_found(t: float) -> None:
    draw = np.random.default_rng(4)
    p = draw.uniform(0.02, 0.98, 50_000)
    right = draw.random(50_000) < tempered(np.log(p), t)
    assert temperature(np.log(p), right) == pytest.approx(t, rel=0.05)


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60))
def test_isotonic_rises_within_0_and_1(rows: list[tuple[int, bool]]) -> None:
    x, right = np.array([float(a) for a, _ in rows]), np.array([b for _, b in rows])
    y = isotonic(x, right)(np.linspace(-1, 13, 60))
    assert (np.diff(y) >= 0).all()
    assert ((y >= 0) & (y <= 1)).all()


def test_isotonic_is_the_pooled_curve_drawn_to_the_base_by_one_row() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    right = np.array([False, True, False, False, True, True])
    curve = isotonic(x, right)  # pools: {1}: 0, {2, 3, 4}: 1/3, {5, 6}: 1; the base is 1/2
    expected = [0.5 / 2, 1.5 / 4, 1.5 / 4, 1.5 / 4, 2.5 / 3, 2.5 / 3]
    np.testing.assert_allclose(curve(x), expected)


def test_isotonic_comes_near_least_squares_with_many_rows() -> None:
    regression = pytest.importorskip("sklearn.isotonic", exc_type=ImportError)
    draw = np.random.default_rng(5)
    x = draw.integers(0, 20, 20_000).astype(np.float64)
    right = draw.random(20_000) < (x + np.sin(3 * x) * 3) / 25
    oracle = regression.IsotonicRegression(out_of_bounds="clip").fit(x, right.astype(float))
    points = np.linspace(0, 19, 77)
    np.testing.assert_allclose(isotonic(x, right)(points), oracle.predict(points), atol=2e-3)
