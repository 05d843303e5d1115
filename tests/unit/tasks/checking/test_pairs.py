"""A table of answers, equal and unequal; and what holds of every pair: symmetry, reflexivity."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tasks.checking.pairs import EQUAL, UNEQUAL
from w2s.errors import MissingExtraError
from w2s.tasks.checking import comparing, guard, same_answer

TABLE = [
    pytest.param(left, right, verdict, id=f"{what}-{number}-{verdict}")
    for table, verdict in ((EQUAL, True), (UNEQUAL, False))
    for what, pairs in table.items()
    for number, (left, right) in enumerate(pairs)
]


def test_the_table_has_two_hundred_pairs() -> None:
    assert len(TABLE) >= 200
    assert len({frozenset(param.values[:2]) for param in TABLE}) >= 200


@pytest.mark.parametrize(("left", "right", "equal"), TABLE)
def test_two_answers_mean_the_same_or_not(left: str, right: str, equal: bool) -> None:
    assert same_answer(left, right) is equal
    assert same_answer(right, left) is equal
    assert same_answer(left, left)
    assert same_answer(right, right)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_fraction_is_equal_in_every_way_of_writing_it(over: int, under: int) -> None:
    sign = "-" if over < 0 else ""
    latex = f"{sign}\\frac{{{abs(over)}}}{{{under}}}"
    assert same_answer(f"{over}/{under}", latex)
    assert same_answer(f"{over:,}", str(over))
    assert not same_answer(f"{over}/{under}", f"{over + 1}/{under}")


@given(
    st.text(alphabet="0123456789.,/% $-+()[]{}exX\\", max_size=12),
    st.text(alphabet="0123456789., /%$", max_size=8),
)
def test_order_does_not_matter_to_what_is_told_without_algebra(left: str, right: str) -> None:
    verdicts = [comparing.told(left, right), comparing.told(right, left)]
    assert verdicts[0] == verdicts[1]
    assert comparing.told(left, left) is True


def test_numbers_are_compared_without_math_verify_and_algebra_names_the_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "math_verify", None)
    monkeypatch.setattr(guard, "find_spec", lambda name: None)
    monkeypatch.setattr(guard, "GUARD", guard.Guard())
    comparing._by_algebra.cache_clear()
    assert same_answer("1,000", "1000.0")
    assert not same_answer("(1, 2)", "(1, 3)")
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        same_answer("x+1", "1+x")
