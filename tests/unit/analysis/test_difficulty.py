"""Measures of difficulty against plain implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from w2s.analysis.difficulty import bins_of, data_map, el2n, spearman_of

random = np.random.default_rng(1)
FIRST = random.integers(0, 12, 80).astype(np.float64)
SECOND = FIRST + random.integers(0, 9, 80)


def plain_spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson correlation of mean ranks, with loops."""

    def ranks(values: np.ndarray) -> list[float]:
        return [
            sum(other < one for other in values) + sum(other == one for other in values) / 2 for one in values
        ]

    a, b = ranks(x), ranks(y)
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    product = sum((one - mean_a) * (two - mean_b) for one, two in zip(a, b, strict=True))
    squares = sum((one - mean_a) ** 2 for one in a) * sum((two - mean_b) ** 2 for two in b)
    return product / math.sqrt(squares)


def test_spearman_is_that_of_loops_with_ties() -> None:
    found = spearman_of(FIRST, SECOND)(np.ones((1, 80)))[0]
    assert found == pytest.approx(plain_spearman(FIRST, SECOND), abs=1e-12)


@pytest.mark.slow
def test_spearman_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    found = spearman_of(FIRST, SECOND)(np.ones((1, 80)))[0]
    assert found == pytest.approx(stats.spearmanr(FIRST, SECOND).statistic, abs=1e-12)


def test_rows_that_count_twice_are_two_rows() -> None:
    rows = random.integers(0, 80, 80)
    times = np.bincount(rows, minlength=80)[None].astype(np.float64)
    found = spearman_of(FIRST, SECOND)(times)[0]
    assert found == pytest.approx(plain_spearman(FIRST[rows], SECOND[rows]), abs=1e-12)


def test_spearman_does_not_depend_on_the_scale() -> None:
    times = np.ones((1, 80))
    assert spearman_of(np.exp(FIRST), -SECOND)(times) == pytest.approx(-spearman_of(FIRST, SECOND)(times))


def test_spearman_of_a_constant_is_not_defined() -> None:
    assert np.isnan(spearman_of(np.ones(5), np.arange(5))(np.ones((1, 5)))[0])


def test_el2n_is_the_length_of_the_error_vector() -> None:
    logits = random.normal(size=(20, 6))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = random.integers(0, 6, 20)
    plain = [
        math.sqrt(sum((p - (i == y)) ** 2 for i, p in enumerate(row)))
        for row, y in zip(probs, labels, strict=True)
    ]
    found = el2n(probs[np.arange(20), labels], np.square(probs).sum(axis=1))
    assert found == pytest.approx(plain, abs=1e-12)


def test_data_map_is_mean_and_spread_over_epochs() -> None:
    probs = random.random((3, 10))
    found = data_map(probs)
    for row in range(10):
        mean = sum(probs[:, row]) / 3
        assert found.confidence[row] == pytest.approx(mean)
        assert found.variability[row] == pytest.approx(
            math.sqrt(sum((p - mean) ** 2 for p in probs[:, row]) / 3)
        )


def test_bins_hold_equally_many_rows_and_equal_values_share_one() -> None:
    assert np.bincount(bins_of(random.permutation(100))).tolist() == [10] * 10
    found = bins_of([1, 1, 1, 1, 2, 3])
    assert len(set(found[:4])) == 1
    assert found[5] > found[4] > found[0]
