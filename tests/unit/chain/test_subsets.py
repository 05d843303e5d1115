"""Subsets of gold: nested by seed, and what belongs together stays together where it has to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.data.splits import disjoint_from, group_kfold, subsample
from w2s.errors import DataError
from w2s.tasks import MoveExample

STATES = [
    w2s.game("connect_four").state(moves=[first, second]) for first in "1234567" for second in "1234567"
]

rows = st.lists(
    st.tuples(st.integers(0, len(STATES) - 1), st.none() | st.integers(0, 9)), min_size=1, max_size=60
)


def examples(found: list[tuple[int, int | None]]) -> list[MoveExample]:
    return [
        MoveExample(f"e{number}", STATES[place], gold=("4",), group=None if group is None else f"g{group}")
        for number, (place, group) in enumerate(found)
    ]


def marks(one: MoveExample) -> set[object]:
    return {one.state.key, one.group} - {None}


@given(rows, st.integers(0, 5), st.integers(0, 60), st.integers(0, 60))
def test_more_rows_of_one_seed_hold_the_fewer(
    found: list[tuple[int, int | None]], seed: int, few: int, many: int
) -> None:
    few, many = sorted((min(few, len(found)), min(many, len(found))))
    small, large = (subsample(examples(found), count, seed).tolist() for count in (few, many))
    assert (len(small), len(large)) == (few, many)
    assert set(small) <= set(large)
    assert small == sorted(small)


def test_another_seed_draws_others_and_the_order_of_the_file_changes_nothing() -> None:
    gold = examples([(place, None) for place in range(40)])

    def drawn(rows: list[MoveExample], seed: int) -> set[str]:
        return {rows[row].id for row in subsample(rows, 10, seed)}

    assert drawn(gold, 0) == drawn(gold[::-1], 0)
    assert drawn(gold, 0) != drawn(gold, 1)


@given(rows, st.integers(0, 5))
def test_what_lies_apart_shares_nothing(found: list[tuple[int, int | None]], seed: int) -> None:
    gold = examples(found)
    warm = subsample(gold, len(gold) // 3, seed)
    taken = set().union(*(marks(gold[row]) for row in warm))
    apart = disjoint_from(gold, warm)
    assert not any(marks(gold[row]) & taken for row in apart)
    assert not set(apart) & set(warm)


@given(rows, st.integers(2, 5), st.integers(0, 5))
def test_folds_cut_through_no_group(found: list[tuple[int, int | None]], folds: int, seed: int) -> None:
    gold = examples(found)
    try:
        fold = group_kfold(gold, folds, seed)
    except DataError as error:
        assert error.code == "chain-too-few-groups"
        return
    assert set(fold) == set(range(folds))
    seen: dict[object, int] = {}
    for one, place in zip(gold, fold, strict=True):
        assert all(seen.setdefault(mark, place) == place for mark in marks(one))


def test_too_few_groups_are_refused_with_the_numbers() -> None:
    with raises_code("chain-too-few-groups", DataError) as caught:
        group_kfold(examples([(0, 1), (1, 1), (2, 1)]), 2, 0)
    assert "3 gold rows in 1 groups" in str(caught.value)
