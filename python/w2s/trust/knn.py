"""k nearest neighbours: a label is as likely right as the gold labels with the most similar evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.kernels.columns import Doubles
from w2s.trust.features import FeatureMatrix, FeatureOptions
from w2s.trust.function import Arrays
from w2s.trust.probe import GoldSample, Probe

_MAX_CELLS = 1 << 22
_DIGITS = 6  # equal rows have equal distances for any order of the sums


class KnnOptions(FeatureOptions):
    """Options of ``knn``.

    Attributes:
        k: number of nearest gold labels; all if there are fewer.
    """

    k: int = Field(50, ge=1)


class NearestNeighbours:
    """The classifier: Euclidean distance between standardised features."""

    def fit(self, sample: GoldSample, options: KnnOptions) -> dict[str, npt.NDArray[Any]]:
        """Keep the gold itself."""
        return {"gold": sample.x, "right": sample.y.astype(np.uint8)}

    def score(self, x: FeatureMatrix, learned: Arrays, options: KnnOptions) -> Doubles:
        """Return the share of right labels among the k nearest and one more row of the base rate."""
        gold, right = learned["gold"].astype(np.float64), learned["right"].astype(np.float64)
        k, base = min(options.k, len(gold)), float(right.mean())
        rows = max(1, _MAX_CELLS // len(gold))
        parts = [_count_right(x[at : at + rows], gold, right, k) for at in range(0, len(x), rows)]
        return (np.concatenate(parts) + base) / (k + 1)


def _count_right(x: FeatureMatrix, gold: Doubles, right: Doubles, k: int) -> Doubles:
    """How many of the k nearest are right; gold rows as far as the k-th share the remaining places."""
    wide = x.astype(np.float64)
    square = np.square(wide).sum(axis=1)[:, None] + np.square(gold).sum(axis=1) - 2 * wide @ gold.T
    distance = np.round(np.maximum(square, 0), _DIGITS)
    last = np.partition(distance, k - 1, axis=1)[:, k - 1 : k]
    nearer, tied = distance < last, distance == last
    left = k - nearer.sum(axis=1)
    found: Doubles = nearer @ right + left * (tied @ right) / tied.sum(axis=1)
    return found


KNN = Probe("knn", "share of right labels among the nearest gold", KnnOptions, NearestNeighbours())
