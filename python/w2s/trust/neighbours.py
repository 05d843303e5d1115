"""The nearest gold labels: a label is as likely right as those whose evidence is most alike.

Knows nothing about what the features mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.trust.features import Matrix
from w2s.trust.function import Scores
from w2s.trust.probe import Probe, Reading, Sample

_CELLS_TOGETHER = 1 << 22
_DIGITS = 6  # equal rows are equally far, whatever the order of the sums


class NeighbourOptions(Reading):
    """``k``: how many of the nearest gold labels count; all where there are fewer."""

    k: int = Field(50, ge=1)


class Nearest:
    """The method: Euclidean distance between standardised features."""

    def fit(self, sample: Sample, options: NeighbourOptions) -> dict[str, npt.NDArray[Any]]:
        """Gold itself."""
        return {"gold": sample.x, "right": sample.y.astype(np.uint8)}

    def score(self, x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: NeighbourOptions) -> Scores:
        """Share of right ones among the k nearest, drawn to the base rate by one more."""
        gold, right = learned["gold"].astype(np.float64), learned["right"].astype(np.float64)
        k, base = min(options.k, len(gold)), float(right.mean())
        together = max(1, _CELLS_TOGETHER // len(gold))
        parts = [_right_among(x[at : at + together], gold, right, k) for at in range(0, len(x), together)]
        return (np.concatenate(parts) + base) / (k + 1)


def _right_among(x: Matrix, gold: npt.NDArray[Any], right: npt.NDArray[Any], k: int) -> Scores:
    """How many of the k nearest are right; those as far as the k-th share the places that are left."""
    wide = x.astype(np.float64)
    square = np.square(wide).sum(axis=1)[:, None] + np.square(gold).sum(axis=1) - 2 * wide @ gold.T
    distance = np.round(np.maximum(square, 0), _DIGITS)
    last = np.partition(distance, k - 1, axis=1)[:, k - 1 : k]
    nearer, level = distance < last, distance == last
    left = k - nearer.sum(axis=1)
    found: Scores = nearer @ right + left * (level @ right) / level.sum(axis=1)
    return found


KNN = Probe("knn", "share of right ones among the nearest gold", NeighbourOptions, Nearest())
