"""k nearest neighbours against a plain loop."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.labels import labels
from w2s.evidence import Labels
from w2s.trust import Function, trust_function
from w2s.trust.features import FeatureLayout, feature_matrix


def test_nearest_neighbours_equal_a_plain_loop() -> None:
    found, pool = labels(60), labels(15, seed=1)
    fitted = trust_function("knn", k=7).fit(found)
    assert isinstance(fitted, Function) and fitted.state is not None
    layout = FeatureLayout.from_json(fitted.state.facts["layout"])
    gold, x = (feature_matrix(rows, layout, fitted.state.arrays).astype(float) for rows in (found, pool))
    base = found.correct.mean()
    for row, score in zip(x, fitted.score(pool), strict=True):
        nearest = np.argsort(((gold - row) ** 2).sum(axis=1))[:7]
        assert score == pytest.approx((found.correct[nearest].sum() + base) / 8)


def test_tied_neighbours_share_the_places() -> None:
    table = pa.table({"id": list("abcd"), "log_prob": pa.array([0.0, 0.0, 0.0, -1.0])})
    found = Labels(table, {"hidden": np.zeros((4, 1), np.float32)})
    right = np.array([True, False, False, True])
    fitted = trust_function("knn", k=2).fit(found, right)
    assert fitted.score(found)[0] == pytest.approx((2 / 3 + 0.5) / 3)
