"""Missing evidence: the remedy depends on whether it was requested."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.trust import trust_function
from w2s.trust.columns import has_evidence, require_evidence


def labels(**columns: pa.Array) -> Labels:
    return Labels(pa.table({"id": ["a", "b"], "label": ["A", "B"], **columns}))


def test_evidence_that_was_requested_in_vain_is_not_requested_again() -> None:
    for found, remedy in (
        (labels(), "label with --evidence verbalised"),
        (labels(verbalised=pa.nulls(2, pa.float32())), "verbalised is null in every row"),
    ):
        with raises_code("trust-missing-evidence", DataError) as caught:
            require_evidence("verbalised", {"verbalised"}, found)
        assert remedy in str(caught.value)
    assert "--evidence" not in str(caught.value)


def test_few_shot_evidence_names_the_option_of_label() -> None:
    with raises_code("trust-missing-evidence", DataError) as caught:
        require_evidence("icl", {"icl"}, labels())
    assert "--evidence icl:4 and --few-shot FILE" in str(caught.value)


def test_misspelled_column_has_a_suggestion() -> None:
    with raises_code("trust-missing-evidence", DataError) as caught:
        require_evidence("knn", {"lenght"}, labels(length=pa.array([1, 2])))
    assert "did you mean length? Or add a column lenght" in str(caught.value)


def test_repr_of_a_trust_function_says_whether_it_is_fitted() -> None:
    assert repr(trust_function("isotonic")) == "<trust function isotonic, not fitted, reads log_prob>"
    assert repr(trust_function("boosting")) == "<trust function boosting, not fitted>"


def test_repr_of_a_fitted_trust_function_names_its_features() -> None:
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "id": [str(row) for row in range(60)],
            "label": ["a"] * 60,
            "log_prob": -rng.random(60),
            "correct": rng.random(60) < 0.5,
        }
    )
    fitted = trust_function("logistic", features="hidden").fit(
        Labels(table, {"hidden": rng.random((60, 2), np.float32)})
    )
    assert repr(fitted) == "<trust function logistic, fitted, reads hidden, log_prob>"


def test_empty_samples_are_no_evidence() -> None:
    kind = pa.list_(pa.string())
    assert not has_evidence(labels(samples=pa.array([[], []], kind)), "samples")
    assert not has_evidence(labels(samples=pa.array([None, []], kind)), "samples")
    assert has_evidence(labels(samples=pa.array([["A"], []], kind)), "samples")
