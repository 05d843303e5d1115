"""Draws equal the kept rows in the one respect that they promise."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.analysis.matched_rows import draw, flips_to_purity, match_bins, match_histogram

random = np.random.default_rng(4)
BINS = random.integers(0, 5, 300)
KEPT = random.random(300) < 0.2 + 0.1 * BINS


def test_matched_rows_have_the_histogram_of_the_kept_ones() -> None:
    rows = match_histogram(KEPT, BINS, seed=0)
    assert len(set(rows.tolist())) == len(rows) == KEPT.sum()
    assert np.bincount(BINS[rows]).tolist() == np.bincount(BINS[KEPT]).tolist()
    assert not KEPT[rows].all()


def test_matched_rows_are_drawn_by_seed() -> None:
    first, again, other = (match_histogram(KEPT, BINS, seed).tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_groups_of_equal_bins_are_kept_and_dropped_rows() -> None:
    kept, dropped = match_bins(KEPT, BINS, seed=0, limit=1000)
    assert KEPT[kept].all()
    assert not KEPT[dropped].any()
    counts = [min((KEPT & (one == BINS)).sum(), (~KEPT & (one == BINS)).sum()) for one in range(5)]
    assert np.bincount(BINS[kept]).tolist() == np.bincount(BINS[dropped]).tolist() == counts


def test_groups_are_limited_in_equal_shares() -> None:
    kept, dropped = match_bins(KEPT, BINS, seed=0, limit=40)
    assert len(kept) == len(dropped)
    assert 30 < len(kept) <= 40
    assert np.bincount(BINS[kept]).tolist() == np.bincount(BINS[dropped]).tolist()


@pytest.mark.parametrize("purity", [0.0, 0.3, 0.55, 0.9, 1.0])
def test_flips_reach_the_purity(purity: float) -> None:
    correct = random.random(200) < 0.5
    flips = flips_to_purity(correct, purity, seed=0)
    flipped = correct.copy()
    flipped[flips] = ~flipped[flips]
    assert flipped.mean() == pytest.approx(purity, abs=1 / 400)
    assert len(flips) == abs(round(purity * 200) - correct.sum())


def test_a_draw_is_not_longer_than_its_rows() -> None:
    assert draw([3, 1, 2], 5, seed=0).tolist() == [1, 2, 3]
