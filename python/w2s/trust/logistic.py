"""A logistic probe: one weight for each feature.

Knows nothing about what the features mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.trust.calibrators import Doubles
from w2s.trust.features import Matrix
from w2s.trust.function import Flags, Scores
from w2s.trust.probe import Probe, Reading, Sample
from w2s.trust.regression import regress, sigmoid

_RIDGES = (10.0, 100.0, 1000.0)
_FOLDS = 3


class LogisticOptions(Reading):
    """``ridge``: the penalty on squared weights; None: the best of 10, 100 and 1000 by held-back loss."""

    ridge: float | None = Field(None, gt=0)


class Linear:
    """The method."""

    def fit(self, sample: Sample, options: LogisticOptions) -> dict[str, npt.NDArray[Any]]:
        """The weights, the offset last."""
        x, target = sample.x.astype(np.float64), sample.y.astype(np.float64)
        ridge = _best_ridge(sample, x, target) if options.ridge is None else options.ridge
        return {"weights": regress(x, target, ridge), "ridge": np.array([ridge])}

    def score(self, x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: LogisticOptions) -> Scores:
        """The sigmoid of the weighted sum."""
        return _probabilities(x.astype(np.float64), learned["weights"])


def _best_ridge(sample: Sample, x: Doubles, target: Doubles) -> float:
    place = sample.folds(_FOLDS)
    losses = [sum(_loss(x, target, place == fold, ridge) for fold in range(_FOLDS)) for ridge in _RIDGES]
    return _RIDGES[int(np.argmin(losses))]


def _loss(x: Doubles, target: Doubles, held: Flags, ridge: float) -> float:
    p = np.clip(_probabilities(x[held], regress(x[~held], target[~held], ridge)), 1e-12, 1 - 1e-12)
    return -float(np.sum(np.where(target[held] == 1, np.log(p), np.log1p(-p))))


def _probabilities(x: Doubles, weights: Doubles) -> Scores:
    return sigmoid(x @ weights[:-1] + weights[-1])


LOGISTIC = Probe("logistic", "one weight for each feature", LogisticOptions, Linear())
