"""Confidence: the softmax over values, worked by hand, and where there is none."""

from __future__ import annotations

import math

import pytest

from w2s.models.confidence import CERTAIN, confidence, mate_cp


def test_values_one_temperature_apart_differ_by_a_factor_of_e() -> None:
    found = confidence({"a": 150, "b": 50}, "a", 100.0, 2)
    assert found is not None
    p = math.e / (math.e + 1)
    assert found.log_prob == pytest.approx(math.log(p))
    assert found.margin == pytest.approx(2 * p - 1)
    assert found.entropy == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))


def test_label_that_is_not_the_best_has_a_negative_margin() -> None:
    found = confidence({"a": 0, "b": 100, "c": 100}, "a", 100.0, 3)
    assert found is not None
    assert found.margin == pytest.approx((1 - math.e) / (1 + 2 * math.e))


def test_equal_values_are_uniform() -> None:
    found = confidence(dict.fromkeys("abcd", -7), "c", 100.0, 4)
    assert found == pytest.approx((-math.log(4), 0.0, math.log(4)))


def test_confidence_does_not_depend_on_a_shift_of_all_values() -> None:
    low = confidence({"a": -99_900, "b": -99_950}, "b", 40.0, 2)
    assert low == pytest.approx(confidence({"a": 0, "b": -50}, "b", 40.0, 2))


def test_values_far_apart_stay_finite() -> None:
    found = confidence({"a": 100_000, "b": -100_000}, "b", 1.0, 2)
    assert found == (-200_000.0, -1.0, 0.0)


def test_confidence_is_none_if_values_are_missing() -> None:
    assert confidence({"a": 1, "b": 2}, "c", 100.0, 3) is None
    assert confidence({"a": 1}, "a", 100.0, 20) is None
    assert confidence({}, "a", 100.0, 0) is None


def test_only_move_is_certain() -> None:
    assert confidence({"a": -300}, "a", 100.0, 1) == CERTAIN


def test_quicker_win_has_a_larger_value() -> None:
    assert [mate_cp(n) for n in (0, 1, 5)] == [100_000, 99_900, 99_500]
    assert mate_cp(10_000) == 50_000
