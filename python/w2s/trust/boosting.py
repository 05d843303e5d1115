"""Gradient boosting on evidence: scikit-learn grows the trees, :mod:`w2s.trust.trees` scores with them.

Knows nothing about what the features mean. scikit-learn is imported where a fit begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.errors import MissingExtraError
from w2s.trust.features import Matrix
from w2s.trust.function import Scores
from w2s.trust.probe import Probe, Reading, Sample
from w2s.trust.regression import sigmoid
from w2s.trust.trees import raw_scores


class BoostingOptions(Reading):
    """Of the trees. By default only scalars are read: every vector may be named in ``reads``."""

    reads: tuple[str, ...] = ()
    trees: int = Field(150, ge=1)
    leaves: int = Field(8, ge=2)
    learning_rate: float = Field(0.05, gt=0, le=1)
    least_rows: int = Field(20, ge=1)
    ridge: float = Field(1.0, ge=0)


class Boosted:
    """The method. Source: Friedman, Annals of Statistics 2001; Ke et al., NeurIPS 2017."""

    def fit(self, sample: Sample, options: BoostingOptions) -> dict[str, npt.NDArray[Any]]:
        """The trees as arrays."""
        classifier, limits = _packages()
        model = classifier(
            learning_rate=options.learning_rate,
            max_iter=options.trees,
            max_leaf_nodes=options.leaves,
            min_samples_leaf=options.least_rows,
            l2_regularization=options.ridge,
            early_stopping=False,
            random_state=sample.seed % 2**32,
        )
        with limits(limits=1):
            model.fit(sample.x.astype(np.float64), sample.y)
        return flattened(model)

    def score(self, x: Matrix, learned: Mapping[str, npt.NDArray[Any]], options: BoostingOptions) -> Scores:
        """The sigmoid of the sum over the trees."""
        return sigmoid(raw_scores(x, learned))


def flattened(model: Any) -> dict[str, npt.NDArray[Any]]:
    """The nodes of all trees one after another. scikit-learn has no public door to them."""
    trees = [predictors[0].nodes for predictors in model._predictors]
    sizes = [len(nodes) for nodes in trees]
    roots = np.cumsum([0, *sizes[:-1]])
    nodes = np.concatenate(trees)
    own, shift = np.arange(len(nodes)), np.repeat(roots, sizes)
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
        "left": np.where(leaf, own, nodes["left"] + shift).astype(np.int32),
        "right": np.where(leaf, own, nodes["right"] + shift).astype(np.int32),
        "value": np.where(leaf, nodes["value"], 0.0).astype(np.float64),
        "roots": roots.astype(np.int32),
        "common": np.asarray(model._baseline_prediction, np.float64).ravel(),
    }


def _packages() -> tuple[Any, Any]:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"sklearn", "threadpoolctl"}:
            raise
        raise MissingExtraError("fitting gradient boosting", "models") from None
    return HistGradientBoostingClassifier, threadpool_limits


BOOSTING = Probe("boosting", "gradient-boosted trees on the evidence", BoostingOptions, Boosted())
