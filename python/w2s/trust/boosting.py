"""Gradient boosting on evidence: scikit-learn grows the trees, and numpy scores with them.

scikit-learn is imported when a fit begins. The fitted trees are flat arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.errors import MissingExtraError
from w2s.kernels.columns import Doubles, Positions
from w2s.trust.features import FeatureMatrix, FeatureOptions
from w2s.trust.function import Arrays
from w2s.trust.probe import GoldSample, Probe
from w2s.trust.regression import sigmoid


class BoostingOptions(FeatureOptions):
    """Options of the trees. By default only scalars are read; vectors can be named in ``features``."""

    features: tuple[str, ...] = ()
    trees: int = Field(150, ge=1)
    leaves: int = Field(8, ge=2)
    learning_rate: float = Field(0.05, gt=0, le=1)
    least_rows: int = Field(20, ge=1)
    ridge: float = Field(1.0, ge=0)


class BoostedTrees:
    """The classifier. Source: Friedman, Annals of Statistics 2001; Ke et al., NeurIPS 2017."""

    def fit(self, sample: GoldSample, options: BoostingOptions) -> dict[str, npt.NDArray[Any]]:
        """Grow the trees; returns them as arrays."""
        classifier, limits = _import_packages()
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
        return tree_arrays(model)

    def score(self, x: FeatureMatrix, learned: Arrays, options: BoostingOptions) -> Doubles:
        """Return the sigmoid of the sum over the trees."""
        return sigmoid(tree_sums(x, learned))


def tree_arrays(model: Any) -> dict[str, npt.NDArray[Any]]:
    """The nodes of all trees, concatenated. scikit-learn has no public access to them.

    Args:
        model: a fitted ``HistGradientBoostingClassifier``.
    """
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


def tree_sums(x: FeatureMatrix, arrays: Arrays) -> Doubles:
    """The sum of the leaves that each row reaches, plus the baseline; n log-odds.

    Args:
        x: n × d.
        arrays: one entry for each node: ``feature``, ``threshold`` (rows up to it go left), ``left``,
            ``right`` (the node itself for a leaf), ``value`` (of a leaf); ``roots``, the first node of each
            tree; ``common``, the baseline.
    """
    total = np.full(len(x), float(arrays["common"][0]))
    for root in arrays["roots"].tolist():
        total += arrays["value"][_leaves(x, root, arrays)]
    return total


def _leaves(x: FeatureMatrix, root: int, arrays: Arrays) -> Positions:
    rows, node = np.arange(len(x)), np.full(len(x), root, np.int64)
    for _ in range(len(arrays["left"]) + 1):
        left = x[rows, arrays["feature"][node]] <= arrays["threshold"][node]
        below = np.where(left, arrays["left"][node], arrays["right"][node]).astype(np.int64)
        if np.array_equal(below, node):
            return node
        node = below
    raise ValueError("a tree has a cycle")


def _import_packages() -> tuple[Any, Any]:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"sklearn", "threadpoolctl"}:
            raise
        raise MissingExtraError("fitting gradient boosting", "models") from None
    return HistGradientBoostingClassifier, threadpool_limits


BOOSTING = Probe("boosting", "gradient-boosted trees on the evidence", BoostingOptions, BoostedTrees())
