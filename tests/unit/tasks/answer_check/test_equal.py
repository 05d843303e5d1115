"""A table of answers, equal and unequal; and what holds of every pair: symmetry, reflexivity."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tasks.answer_check.pairs import EQUAL, UNEQUAL
from w2s.errors import MissingExtraError
from w2s.tasks.answer_check import answers_equal, equal, guard

TABLE = [
    pytest.param(left, right, verdict, id=f"{what}-{number}-{verdict}")
    for table, verdict in ((EQUAL, True), (UNEQUAL, False))
    for what, pairs in table.items()
    for number, (left, right) in enumerate(pairs)
]


def test_table_has_two_hundred_pairs() -> None:
    assert len(TABLE) >= 200
    assert len({frozenset(param.values[:2]) for param in TABLE}) >= 200


@pytest.mark.parametrize(("left", "right", "equal"), TABLE)
def test_answers_are_equal_or_not_symmetrically(left: str, right: str, equal: bool) -> None:
    assert answers_equal(left, right) is equal
    assert answers_equal(right, left) is equal
    assert answers_equal(left, left)
    assert answers_equal(right, right)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_fraction_is_equal_in_every_notation(over: int, under: int) -> None:
    sign = "-" if over < 0 else ""
    latex = f"{sign}\\frac{{{abs(over)}}}{{{under}}}"
    assert answers_equal(f"{over}/{under}", latex)
    assert answers_equal(f"{over:,}", str(over))
    assert not answers_equal(f"{over}/{under}", f"{over + 1}/{under}")


@given(
    st.text(alphabet="0123456789.,/% $-+()[]{}exX\\", max_size=12),
    st.text(alphabet="0123456789., /%$", max_size=8),
)
def test_equality_without_algebra_is_symmetric_and_reflexive(left: str, right: str) -> None:
    verdicts = [equal.equal_without_algebra(left, right), equal.equal_without_algebra(right, left)]
    assert verdicts[0] == verdicts[1]
    assert equal.equal_without_algebra(left, left) is True


def test_only_algebra_needs_math_verify(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "math_verify", None)
    monkeypatch.setattr(guard, "find_spec", lambda name: None)
    monkeypatch.setattr(guard, "GUARD", guard.Guard())
    equal._by_algebra.cache_clear()
    assert answers_equal("1,000", "1000.0")
    assert not answers_equal("(1, 2)", "(1, 3)")
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        answers_equal("x+1", "1+x")
