"""A row that trained a teacher is no evidence about it."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.chain.leakage import assert_disjoint


def test_rows_that_are_apart_pass() -> None:
    assert_disjoint({"pool": ["a"], "gold": ["b"]}, ["c", "d"], "round 2")


@pytest.mark.parametrize("role", ["pool", "gold"])
def test_a_row_in_both_ends_the_chain_with_its_id(role: str) -> None:
    with raises_code("chain-teacher-leakage") as caught:
        assert_disjoint({"pool": [], "gold": [], role: ["a", "c"]}, ["b", "c"], "round 2")
    assert "round 2: 1 rows" in str(caught.value)
    assert "'c'" in str(caught.value)
