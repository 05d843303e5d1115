"""Results are the statistic of all rows, with intervals over rows and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.analysis.result import Result, Sample, bootstrap, bootstrap_share, difference_of, mean_of

random = np.random.default_rng(0)
VALUES = random.normal(size=200)


def test_value_is_that_of_all_rows_and_n_their_number() -> None:
    found = bootstrap("mean", "all", [Sample(200, mean_of(VALUES))])
    assert found.value == pytest.approx(VALUES.mean())
    assert (found.n, found.seeds) == (200, 1)


def test_interval_is_that_of_a_plain_bootstrap() -> None:
    found = bootstrap("mean", "all", [Sample(200, mean_of(VALUES))], draws=4000)
    plain = [VALUES[random.integers(0, 200, 200)].mean() for _ in range(4000)]
    assert (found.low, found.high) == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.02)


def test_mean_of_some_rows_ignores_the_others() -> None:
    rows = np.arange(200) < 50
    hidden = np.where(rows, VALUES, np.nan)
    assert mean_of(hidden, rows)(np.ones((1, 200)))[0] == pytest.approx(VALUES[:50].mean())


def test_a_statistic_without_rows_is_not_defined() -> None:
    assert bootstrap("mean", "none", [Sample(0, mean_of([]))]).value is None
    nothing = bootstrap("mean", "none", [Sample(3, mean_of([1, 2, 3], [False] * 3))])
    assert (nothing.value, nothing.low) == (None, None)


def test_seeds_widen_the_interval() -> None:
    seeds = [Sample(200, mean_of(VALUES + shift)) for shift in (-1.0, 0.0, 1.0)]
    found = bootstrap("mean", "all", seeds)
    alone = bootstrap("mean", "all", seeds[1:2])
    assert found.value == pytest.approx(VALUES.mean())
    assert (found.n, found.seeds) == (600, 3)
    assert width(found) > 3 * width(alone)


def test_difference_is_paired() -> None:
    both = difference_of(mean_of(VALUES + 1), mean_of(VALUES))
    found = bootstrap("difference", "all", [Sample(200, both)])
    assert (found.low, found.high) == pytest.approx((1, 1))
    assert found.is_above_zero
    assert not found.is_below_zero


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_share_of_none_or_all_has_an_exact_interval(value: float) -> None:
    samples = [Sample(100, mean_of(np.full(100, value)))] * 2
    found = bootstrap_share("share", "all", samples)
    assert found.low is not None
    assert found.high is not None
    inner = found.high if value == 0 else 1 - found.low
    assert (1 - inner) ** 100 == pytest.approx(0.025)
    assert found.value == value


def test_other_shares_are_bootstrapped() -> None:
    samples = [Sample(100, mean_of(np.arange(100) < 30))]
    assert bootstrap_share("share", "all", samples) == bootstrap("share", "all", samples)


def test_same_seed_gives_the_same_interval() -> None:
    one, two = (bootstrap("mean", "all", [Sample(200, mean_of(VALUES))], seed=3) for _ in range(2))
    assert one == two


def width(found: Result) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low
