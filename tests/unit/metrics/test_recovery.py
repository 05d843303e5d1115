"""Recovery and PGR: published values, intervals that cover, gaps that are too small."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.metrics import accuracy, pgr, ratio_of_gaps, recovery


def answers(share: float, rows: int = 1000) -> np.ndarray:
    """Right on the first so many rows."""
    return np.arange(rows) < share * rows


def test_ratios_equal_published_values() -> None:
    assert ratio_of_gaps(61.9, 56.6, 64.5) == pytest.approx(0.6709, abs=5e-5)
    assert ratio_of_gaps(66.6, 56.6, 74.0) == pytest.approx(0.5747, abs=5e-5)
    with raises_code("metrics-no-gap", UsageError):
        ratio_of_gaps(0.6, 0.5, 0.5)


def test_recovery_and_pgr_divide_by_their_own_gaps() -> None:
    student, base, teacher, ceiling = answers(0.7), answers(0.5), answers(0.6), answers(0.9)
    assert recovery(student, base, ceiling).value == pytest.approx(0.5)
    assert pgr(student, teacher, ceiling).value == pytest.approx(1 / 3)
    found = recovery(student, base, ceiling)
    assert found.low is not None and found.high is not None
    assert found.low < 0.5 < found.high
    assert str(found).startswith("0.500 in [0.4")


def test_gap_not_significantly_above_0_gives_no_ratio() -> None:
    base, ceiling = answers(0.6), answers(0.61)[::-1]
    found = recovery(base, base, ceiling)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.gap.low <= 0 <= found.gap.high
    assert str(found).startswith("gap too small: ")


def test_ceiling_below_the_floor_gives_no_ratio() -> None:
    found = pgr(answers(0.7), answers(0.9), answers(0.5))
    assert found.value is None
    assert found.gap.high < 0


def test_interval_of_an_accuracy_is_binomial() -> None:
    found = accuracy(answers(0.8, 400), draws=20_000)
    assert found.value == 0.8
    spread = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert (found.low, found.high) == (
        pytest.approx(0.8 - spread, abs=0.004),
        pytest.approx(0.8 + spread, abs=0.004),
    )


@pytest.mark.slow
def test_interval_covers_the_truth_at_its_confidence_level() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for run in range(1000):
        found = accuracy(random.random(200) < 0.7, draws=500, confidence=0.9, seed=run)
        covered += found.low <= 0.7 <= found.high
    assert 860 <= covered <= 940


def test_rows_are_drawn_once_for_all_models() -> None:
    # The student beats the base on the very rows on which the ceiling does: drawn apart, ratios vary.
    base, ceiling = answers(0.5), answers(0.7)
    found = recovery(ceiling, base, ceiling)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_variance_over_seeds_widens_the_interval() -> None:
    rows = np.zeros(10_000, bool)
    seeds = np.stack([rows | (np.arange(10_000) < share * 10_000) for share in (0.2, 0.8)])
    one = accuracy(seeds[0])
    both = accuracy(seeds)
    assert both.value == pytest.approx(0.5)
    assert one.high - one.low < 0.02
    assert both.high - both.low > 0.5


def test_models_can_have_different_numbers_of_seeds() -> None:
    base, ceiling = answers(0.5), answers(0.9)
    found = recovery(np.stack([answers(0.6), answers(0.8), answers(0.7)]), base, np.stack([ceiling, ceiling]))
    assert found.value == pytest.approx(0.5)


def test_interval_depends_on_the_seed_only() -> None:
    right = answers(0.37, 777)
    assert accuracy(right, seed=3) == accuracy(right, seed=3)
    assert accuracy(right, seed=3) != accuracy(right, seed=4)


def test_invalid_arguments_are_refused() -> None:
    with raises_code("metrics-length-mismatch", DataError) as caught:
        recovery([1, 0], [1, 0, 1], [1, 1])
    assert "student 2, base 3" in str(caught.value)
    with raises_code("metrics-null-answer", DataError) as caught:
        accuracy(np.ma.array([1.0, 0.0], mask=[False, True]))
    assert "correct: row 1" in str(caught.value)
    with raises_code("metrics-infinite-answer", DataError) as caught:
        accuracy([1.0, np.nan])
    assert "correct: row 1" in str(caught.value)
    with raises_code("metrics-bad-shape", DataError) as caught:
        accuracy([])
    assert "(0,)" in str(caught.value)
    with raises_code("metrics-bad-confidence", UsageError):
        accuracy([1, 0], confidence=1.0)
    with raises_code("metrics-bad-draws", UsageError):
        accuracy([1, 0], draws=0)
