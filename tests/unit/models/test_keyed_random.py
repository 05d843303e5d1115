"""Draws by name: fixed for ever, apart for different names, and of the right distribution."""

from __future__ import annotations

from statistics import NormalDist, fmean, pstdev

import pytest

from w2s.models.keyed_random import gaussian, uniform


def test_same_keys_give_the_same_number_on_every_machine() -> None:
    assert uniform(0, "a", None, 3) == 0.0028341315554943902
    assert gaussian(7, "b") == pytest.approx(0.332516227548199, rel=1e-12)


def test_keys_that_join_to_the_same_text_differ() -> None:
    drawn = [uniform(0, "ab", "c"), uniform(0, "a", "bc"), uniform(0, "abc"), uniform(0, "abc", None)]
    drawn += [uniform(0, "1"), uniform(0, 1), uniform(1, "abc"), uniform(0, "ab', 'c")]
    assert len(set(drawn)) == len(drawn)


def test_uniform_numbers_fill_the_open_unit_interval_evenly() -> None:
    drawn = [uniform(0, n) for n in range(20_000)]
    counts = [sum(lower / 10 <= x < (lower + 1) / 10 for x in drawn) for lower in range(10)]
    assert all(0 < x < 1 for x in drawn)
    assert sum((count - 2000) ** 2 / 2000 for count in counts) < 27.9  # chi-square, 9 degrees, 0.1 %


def test_gaussian_numbers_are_standard_normal() -> None:
    drawn = [gaussian(0, n) for n in range(20_000)]
    assert abs(fmean(drawn)) < 0.025
    assert abs(pstdev(drawn) - 1) < 0.02
    tail = sum(x > 1.96 for x in drawn) / len(drawn)
    assert abs(tail - (1 - NormalDist().cdf(1.96))) < 0.004
