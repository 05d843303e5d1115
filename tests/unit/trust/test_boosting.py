"""Boosted trees as flat arrays."""

from __future__ import annotations

import numpy as np
import pytest

from w2s.trust.boosting import tree_arrays, tree_sums
from w2s.trust.regression import sigmoid


def test_flat_trees_score_like_scikit_learn() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble", exc_type=ImportError)
    draw = np.random.default_rng(0)
    x = draw.normal(size=(800, 6)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) > 0.5
    model = ensemble.HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=9, early_stopping=False)
    model.fit(x.astype(np.float64), y)
    fresh = draw.normal(size=(1000, 6)).astype(np.float32) * 2
    expected = model.predict_proba(fresh.astype(np.float64))[:, 1]
    np.testing.assert_allclose(sigmoid(tree_sums(fresh, tree_arrays(model))), expected, atol=1e-12)
