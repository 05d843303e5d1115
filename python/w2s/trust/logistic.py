"""A logistic probe: one weight for each feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust.features import FeatureMatrix, FeatureOptions
from w2s.trust.function import Arrays
from w2s.trust.probe import GoldSample, Probe
from w2s.trust.regression import fit_logistic, sigmoid

_RIDGES = (10.0, 100.0, 1000.0)
_FOLDS = 3


class LogisticOptions(FeatureOptions):
    """Options of ``logistic``.

    Attributes:
        ridge: the penalty on squared weights; None for the one of 10, 100 and 1000 with the least
            cross-validated loss.
    """

    ridge: float | None = Field(None, gt=0)


class LogisticRegression:
    """The classifier."""

    def fit(self, sample: GoldSample, options: LogisticOptions) -> dict[str, npt.NDArray[Any]]:
        """Fit the weights; the offset is last."""
        x, target = sample.x.astype(np.float64), sample.y.astype(np.float64)
        ridge = _best_ridge(sample, x, target) if options.ridge is None else options.ridge
        return {"weights": fit_logistic(x, target, ridge), "ridge": np.array([ridge])}

    def score(self, x: FeatureMatrix, learned: Arrays, options: LogisticOptions) -> Doubles:
        """Return the sigmoid of the weighted sum."""
        return _probabilities(x.astype(np.float64), learned["weights"])


def _best_ridge(sample: GoldSample, x: Doubles, target: Doubles) -> float:
    fold_of_row = sample.folds(_FOLDS)
    losses = [
        sum(_loss(x, target, fold_of_row == fold, ridge) for fold in range(_FOLDS)) for ridge in _RIDGES
    ]
    return _RIDGES[int(np.argmin(losses))]


def _loss(x: Doubles, target: Doubles, held_out: Flags, ridge: float) -> float:
    weights = fit_logistic(x[~held_out], target[~held_out], ridge)
    p = np.clip(_probabilities(x[held_out], weights), 1e-12, 1 - 1e-12)
    return -float(np.sum(np.where(target[held_out] == 1, np.log(p), np.log1p(-p))))


def _probabilities(x: Doubles, weights: Doubles) -> Doubles:
    return sigmoid(x @ weights[:-1] + weights[-1])


LOGISTIC = Probe("logistic", "logistic regression on the evidence", LogisticOptions, LogisticRegression())
