"""Intervals from random halves have the spread of new samples."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.analysis.subsamples import GramSample, gram_result, ratio_result, sample_gram

random = np.random.default_rng(3)


def gradients(n: int, dimensions: int = 40, shift: float = 0.3) -> np.ndarray:
    """Random gradients with a common direction."""
    rows: np.ndarray = random.normal(size=(n, dimensions))
    rows[:, 0] += shift * np.sqrt(dimensions)
    return rows


def sample(rows: np.ndarray, halves: int = 100) -> GramSample:
    return sample_gram(rows @ rows.T, None, np.arange(len(rows)), 0, halves)


def test_value_is_that_of_all_rows() -> None:
    rows = gradients(60)
    found = gram_result("stable rank", "kept", [sample(rows)], seed=0)
    assert found.value == pytest.approx(np.linalg.norm(rows) ** 2 / np.linalg.norm(rows, 2) ** 2)
    assert found.n == 60
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


@pytest.mark.parametrize("name", ["mean cosine", "effective rank (unit)", "m-coherence (unit)"])
def test_spread_is_about_that_of_new_samples(name: str) -> None:
    values = [sample(gradients(60), 1).values[name] for _ in range(200)]
    found = gram_result(name, "kept", [sample(gradients(60), 300)], seed=0)
    assert found.low is not None
    assert found.high is not None
    wide = np.quantile(values, 0.975) - np.quantile(values, 0.025)
    assert 0.5 < (found.high - found.low) / wide < 2


def test_ratio_of_like_samples_contains_1_and_of_unlike_ones_does_not() -> None:
    one, two, other = sample(gradients(80)), sample(gradients(80)), sample(gradients(80, 10))
    same = ratio_result("effective rank", "kept ÷ dropped", [one], [two], seed=0)
    unlike = ratio_result("effective rank", "kept ÷ dropped", [other], [one], seed=0)
    assert same.low is not None
    assert same.high is not None
    assert same.low < 1 < same.high
    assert same.n == 160
    assert unlike.high is not None
    assert unlike.high < 1


def test_seeds_that_share_their_rows_do_not_narrow_the_interval() -> None:
    one = sample(gradients(60))
    alone, twice = (gram_result("stable rank", "kept", [one] * seeds, seed=0) for seeds in (1, 2))
    assert (alone.low, alone.high) == pytest.approx((twice.low, twice.high))


def test_seeds_are_averaged() -> None:
    samples = [sample(gradients(40)) for _ in range(3)]
    found = gram_result("m-coherence", "kept", samples, seed=0)
    assert found.value == pytest.approx(np.mean([one.values["m-coherence"] for one in samples]))
    assert (found.n, found.seeds) == (120, 3)
