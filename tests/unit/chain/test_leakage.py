"""A row that trained a teacher is no evidence about it."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.chain.leakage import assert_disjoint, record_provenance
from w2s.chain.student import TrainResult


def trained_on(*ids: str) -> TrainResult:
    return TrainResult("policy:t", None, None, len(ids), 0.0, frozenset(ids), "")


def test_disjoint_rows_pass() -> None:
    assert_disjoint({"a", "b"}, ["c", "d"], "round 2")


@pytest.mark.parametrize("gold", [["c"], []])
def test_shared_row_is_refused_with_its_id(gold: list[str]) -> None:
    with raises_code("chain-teacher-leakage") as caught:
        record_provenance(0, "policy:t", "policy:s", trained_on("a", "c"), gold, ["b", "c"], "round 2")
    assert "round 2: 1 rows" in str(caught.value)
    assert "'c'" in str(caught.value)


def test_provenance_counts_rows_by_split() -> None:
    found = record_provenance(3, "policy:t", "policy:s", trained_on("a", "b", "g"), ["g", "h"], ["h"], "it")
    assert found.to_json() == {
        "seed": 3,
        "teacher": "policy:t",
        "student": "policy:s",
        "teacher_trained_on": {"pool": 2, "gold": 1},
        "trust_fitted_on": 1,
        "rows_in_both": 0,
    }


def test_untrained_teacher_learned_nothing() -> None:
    found = record_provenance(0, "policy:t", "policy:s", None, ["g"], ["g"], "it")
    assert (found.pool, found.gold) == (0, 0)
