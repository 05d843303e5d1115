"""Draws of rows that equal the kept rows in one respect: number, difficulty, loss or purity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class EqualGroups(NamedTuple):
    """Two groups with the same number of rows in each bin, ascending positions."""

    kept: Positions
    dropped: Positions


def draw(rows: npt.ArrayLike, count: int, seed: int) -> Positions:
    """At most ``count`` of some positions, drawn by seed without repetition, ascending.

    The order in which a position is drawn does not depend on the others, so that draws from similar groups
    have most rows in common.
    """
    places = np.asarray(rows, np.int64)
    if not len(places):
        return places
    order = np.random.default_rng(seed).random(int(places.max()) + 1)[places]
    return np.sort(places[np.argsort(order, kind="stable")][:count])


def match_histogram(kept: Flags, bins: npt.NDArray[np.int64], seed: int) -> Positions:
    """Random rows with as many rows in each bin as the kept ones have, ascending.

    They are drawn from all rows, so some of them may be kept ones too, as in the arm random.

    Args:
        kept: which of n rows are kept.
        bins: the bin of each row.
        seed: random seed of the draw.
    """
    parts = [
        draw(np.flatnonzero(bins == one), int((kept & (bins == one)).sum()), seed) for one in np.unique(bins)
    ]
    return np.sort(np.concatenate(parts))


def match_bins(kept: Flags, bins: npt.NDArray[np.int64], seed: int, limit: int) -> EqualGroups:
    """Kept and dropped rows with equally many in each bin: the most that both have, or the same share of
    that in each bin.

    Args:
        kept: which of n rows are kept.
        bins: the bin of each row.
        seed: random seed of the draws.
        limit: the most rows of a group.
    """
    sides = [[np.flatnonzero((bins == one) & side) for side in (kept, ~kept)] for one in np.unique(bins)]
    counts = [min(map(len, pair)) for pair in sides]
    share = min(1.0, limit / max(1, sum(counts)))
    first, second = [], []
    for (inside, outside), count in zip(sides, counts, strict=True):
        first.append(draw(inside, int(share * count), seed))
        second.append(draw(outside, int(share * count), seed))
    return EqualGroups(np.sort(np.concatenate(first)), np.sort(np.concatenate(second)))


def flips_to_purity(correct: Flags, purity: float, seed: int) -> Positions:
    """Positions of the labels to exchange so that a share ``purity`` of all labels is right, ascending.

    Wrong labels become right ones if there are too few right ones, else right labels become wrong ones.

    Args:
        correct: which of n labels are right.
        purity: the wanted share, in [0, 1].
        seed: random seed of the draw.

    Example:
        >>> flips_to_purity(np.array([True, False, False, True]), 1.0, seed=0).tolist()
        [1, 2]
    """
    missing = round(purity * len(correct)) - int(correct.sum())
    return draw(np.flatnonzero(~correct if missing > 0 else correct), abs(missing), seed)
