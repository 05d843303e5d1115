"""Confident learning against cleanlab."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from w2s.evidence import Labels
from w2s.trust import trust_function
from w2s.trust.confident_learning import confidence_weighted_entropy

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "cleanlab.json"
"""Scores that cleanlab gives to ten labelled rows of three classes."""


def of(**columns: object) -> Labels:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return Labels(pa.table({"id": [f"{i}" for i in range(count)], **columns}))


def raw(name: str, found: Labels, **options: object) -> list[float]:
    correct = np.arange(len(found)) % 2 == 0
    return trust_function(name, **options).fit(found, correct).score(found).round(6).tolist()


def test_scores_equal_those_of_cleanlab() -> None:
    golden = json.loads(GOLDEN.read_text())
    probs, given = np.array(golden["pred_probs"]), np.array(golden["labels"])
    own = probs[np.arange(len(given)), given]
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(probs * np.log(probs), axis=1)
    found = confidence_weighted_entropy(own, entropy, np.full(len(own), 3.0))
    np.testing.assert_allclose(found, golden["confidence_weighted_entropy"], rtol=1e-6)
    others = probs.copy()
    others[np.arange(len(given)), given] = -1
    table = of(margin=own - others.max(axis=1), log_prob=np.log(np.maximum(own, 1e-30)))
    for score in ("normalized-margin", "self-confidence"):
        expected = golden[score.replace("-", "_")]
        assert raw("confident_learning", table, score=score) == pytest.approx(expected, abs=1e-6)


def test_adjustment_removes_differences_between_classes() -> None:
    found = of(label=list("aabb"), log_prob=np.log([0.9, 0.7, 0.5, 0.3]))
    assert raw("confident_learning", found, score="self-confidence", by="label") == [0.55, 0.45, 0.55, 0.45]
