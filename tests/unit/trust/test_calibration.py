"""Platt scaling, temperature scaling and isotonic regression against plain oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.trust.calibration import Isotonic, Platt, Temperature
from w2s.trust.regression import sigmoid


def test_platt_calibrates_numbers_of_any_scale() -> None:
    draw = np.random.default_rng(3)
    z = draw.normal(size=20_000)
    right = draw.random(20_000) < sigmoid(1.5 * z - 0.5)
    line = Platt.fit(1000 * z + 7, right)
    np.testing.assert_allclose(line(1000 * z + 7), sigmoid(1.5 * z - 0.5), atol=0.03)


def test_platt_slope_is_never_negative() -> None:
    x = np.arange(20.0)
    line = Platt.fit(x, x < 10)
    assert line.slope == 0
    np.testing.assert_allclose(line(x), 0.5)


def test_platt_accepts_separable_and_constant_numbers() -> None:
    x = np.arange(20.0)
    assert np.isfinite(Platt.fit(x, x >= 10)).all()
    np.testing.assert_allclose(
        Platt.fit(np.ones(4), np.array([True, False, True, True]))(np.ones(1)), 0.65, atol=0.1
    )


@pytest.mark.parametrize("t", [0.4, 1.0, 3.0])
def test_temperature_is_recovered(t: float) -> None:
    draw = np.random.default_rng(4)
    p = draw.uniform(0.02, 0.98, 50_000)
    right = draw.random(50_000) < Temperature(np.array([t]))(np.log(p))
    assert Temperature.fit(np.log(p), right).temperature.item() == pytest.approx(t, rel=0.05)


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60))
def test_isotonic_curve_rises_within_0_and_1(rows: list[tuple[int, bool]]) -> None:
    x, right = np.array([float(a) for a, _ in rows]), np.array([b for _, b in rows])
    y = Isotonic.fit(x, right)(np.linspace(-1, 13, 60))
    assert (np.diff(y) >= 0).all()
    assert ((y >= 0) & (y <= 1)).all()


def test_isotonic_pools_are_smoothed_by_one_row_of_the_base_rate() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    right = np.array([False, True, False, False, True, True])
    curve = Isotonic.fit(x, right)  # pools: {1}: 0, {2, 3, 4}: 1/3, {5, 6}: 1; the base is 1/2
    expected = [0.5 / 2, 1.5 / 4, 1.5 / 4, 1.5 / 4, 2.5 / 3, 2.5 / 3]
    np.testing.assert_allclose(curve(x), expected)


def test_isotonic_approaches_least_squares_with_many_rows() -> None:
    regression = pytest.importorskip("sklearn.isotonic", exc_type=ImportError)
    draw = np.random.default_rng(5)
    x = draw.integers(0, 20, 20_000).astype(np.float64)
    right = draw.random(20_000) < (x + np.sin(3 * x) * 3) / 25
    oracle = regression.IsotonicRegression(out_of_bounds="clip").fit(x, right.astype(float))
    points = np.linspace(0, 19, 77)
    np.testing.assert_allclose(Isotonic.fit(x, right)(points), oracle.predict(points), atol=2e-3)
