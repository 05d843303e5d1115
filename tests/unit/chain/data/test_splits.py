"""Splits are disjoint, drawn by seed and survive their file; subsets are nested and folds keep groups."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.data.splits import (
    Splits,
    disjoint_from,
    group_keys,
    group_kfold,
    hold_out,
    read_splits,
    split,
    subsample,
    write_splits,
)
from w2s.chain.example_settings import SPLITS
from w2s.errors import DataError
from w2s.tasks import AnswerExample, ChoiceExample, Example, MoveExample, task_for

STATES = [w2s.game("connect_four").state(moves=[column]) for column in "1234567"]
STATES += [state.play(column) for state in STATES for column in "1234567"]


def example(number: int, place: int, group: int | None) -> MoveExample:
    name = None if group is None else f"g{group}"
    return MoveExample(f"e{number}", STATES[place], gold=("4",), group=name)


examples = st.lists(
    st.tuples(st.integers(0, len(STATES) - 1), st.none() | st.integers(0, 9)), min_size=30, max_size=80
).map(lambda rows: [example(number, *row) for number, row in enumerate(rows)])


@given(examples, st.integers(0, 5))
def test_splits_share_no_id_position_or_group(given_examples: list[MoveExample], seed: int) -> None:
    try:
        found = split(given_examples, (5, 5, 5), seed)
    except DataError as error:
        assert error.code == "chain-groups-too-large"
        return
    seen: dict[object, str] = {}
    for role in SPLITS:
        rows = getattr(found, role)
        assert len(rows) == 5
        for one in rows:
            for mark in (one.id, one.state.key, one.group):
                assert mark is None or seen.setdefault(mark, role) == role


@given(examples, st.integers(0, 5))
def test_audit_shares_no_position_or_group_with_gold(given_examples: list[MoveExample], seed: int) -> None:
    try:
        found = hold_out(Splits(given_examples, [], []), 5, seed)
    except DataError as error:
        assert error.code == "chain-audit-empty"
        return
    assert 0 < len(found.audit) <= 5
    assert len(found.gold) + len(found.audit) == len(given_examples)
    assert not {*group_keys(found.gold)} & {*group_keys(found.audit)}
    assert hold_out(Splits(given_examples, [], []), 5, seed).audit == found.audit
    assert found.table().column("role").to_pylist().count("audit") == len(found.audit)


def test_without_rows_of_an_audit_nothing_is_held_out() -> None:
    splits = Splits(singles(9), [], [])
    assert hold_out(splits, 0, 0) is splits


def singles(count: int) -> list[MoveExample]:
    return [example(number, number, None) for number in range(count)]


def test_split_depends_on_the_seed_and_not_on_file_order() -> None:
    rows = singles(40)
    first, again = split(rows, (10, 10, 10), 3), split(rows[::-1], (10, 10, 10), 3)
    assert {one.id for one in first.gold} == {one.id for one in again.gold}
    assert {one.id for one in split(rows, (10, 10, 10), 4).gold} != {one.id for one in first.gold}


def test_too_few_examples_are_refused_with_the_numbers() -> None:
    with raises_code("chain-too-few-examples", DataError) as caught:
        split(singles(40), (30, 10, 10), 0)
    assert "40 examples are too few for 30 gold, 10 pool, 10 test" in str(caught.value)


def test_table_lists_the_split_of_every_example() -> None:
    found = Splits(*([one] for one in singles(3))).table().to_pydict()
    assert found == {"id": ["e0", "e1", "e2"], "role": ["gold", "pool", "test"]}


PAIRS = [w2s.game("connect_four").state(moves=[first, second]) for first in "1234567" for second in "1234567"]

rows = st.lists(
    st.tuples(st.integers(0, len(PAIRS) - 1), st.none() | st.integers(0, 9)), min_size=1, max_size=60
)


def grouped(found: list[tuple[int, int | None]]) -> list[MoveExample]:
    return [
        MoveExample(f"e{number}", PAIRS[place], gold=("4",), group=None if group is None else f"g{group}")
        for number, (place, group) in enumerate(found)
    ]


def marks(one: MoveExample) -> set[object]:
    return {one.state.key, one.group} - {None}


@given(rows, st.integers(0, 5), st.integers(0, 60), st.integers(0, 60))
def test_larger_subsample_contains_the_smaller(
    found: list[tuple[int, int | None]], seed: int, few: int, many: int
) -> None:
    few, many = sorted((min(few, len(found)), min(many, len(found))))
    small, large = (subsample(grouped(found), count, seed).tolist() for count in (few, many))
    assert (len(small), len(large)) == (few, many)
    assert set(small) <= set(large)
    assert small == sorted(small)


def test_subsample_depends_on_the_seed_and_not_on_file_order() -> None:
    gold = grouped([(place, None) for place in range(40)])

    def drawn(rows: list[MoveExample], seed: int) -> set[str]:
        return {rows[row].id for row in subsample(rows, 10, seed)}

    assert drawn(gold, 0) == drawn(gold[::-1], 0)
    assert drawn(gold, 0) != drawn(gold, 1)


@given(rows, st.integers(0, 5))
def test_disjoint_rows_share_no_position_or_group(found: list[tuple[int, int | None]], seed: int) -> None:
    gold = grouped(found)
    warm = subsample(gold, len(gold) // 3, seed)
    taken = set().union(*(marks(gold[row]) for row in warm))
    apart = disjoint_from(gold, warm)
    assert not any(marks(gold[row]) & taken for row in apart)
    assert not set(apart) & set(warm)


@given(rows, st.integers(2, 5), st.integers(0, 5))
def test_folds_keep_groups_together(found: list[tuple[int, int | None]], folds: int, seed: int) -> None:
    gold = grouped(found)
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
        group_kfold(grouped([(0, 1), (1, 1), (2, 1)]), 2, 0)
    assert "3 gold rows in 1 groups" in str(caught.value)


CHOICES = [
    ChoiceExample("c0", "Which?", ("red", "blue"), ("A",), difficulty=2.0, group="p"),
    ChoiceExample("c1", "which?", ("Blue", "RED"), ("B",)),
    ChoiceExample("c2", "Which?", ("red", "green"), ("A",)),
]
SUMS = [
    AnswerExample("a0", "1 + 1?", ("2",), solution="so \\boxed{2}", difficulty=1.0, group="p"),
    AnswerExample("a1", "1 +  1?", ("2",)),
    AnswerExample("a2", "1 + 2?", ("3",)),
]


def choice(number: int, question: int, turned: bool) -> ChoiceExample:
    options = ("x", "y") if turned else ("y", "x")
    return ChoiceExample(f"e{number}", f"question {question}", options, ("A",))


questions = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=30, max_size=60).map(
    lambda rows: [choice(number, *row) for number, row in enumerate(rows)]
)


@given(questions, st.integers(0, 5))
def test_question_has_one_split_whatever_the_order_of_its_options(
    examples: list[ChoiceExample], seed: int
) -> None:
    try:
        found = split(examples, (5, 5, 5), seed)
    except DataError as error:
        assert error.code == "chain-groups-too-large"
        return
    roles: dict[str, str] = {}
    for role in SPLITS:
        for one in getattr(found, role):
            assert roles.setdefault(one.question, role) == role


def test_equal_questions_share_a_key() -> None:
    first, second, third = group_keys(CHOICES)
    assert first == second != third
    first, second, third = group_keys(SUMS)
    assert first == second != third


@pytest.mark.parametrize("examples", [CHOICES, SUMS], ids=["choice", "answer"])
def test_questions_survive_the_file(tmp_path: Path, examples: list[Example]) -> None:
    splits = Splits(examples[:1], examples[1:2], examples[2:])
    write_splits(splits, tmp_path / "roles.parquet")
    found = read_splits(tmp_path / "roles.parquet")
    assert (found.gold, found.pool, found.test) == (splits.gold, splits.pool, splits.test)
    assert found.table() == splits.table()
    assert type(found.gold[0]) is type(examples[0])
    assert task_for(found.gold[0]) is task_for(examples[0])


def test_positions_survive_the_file_with_history_and_answers(tmp_path: Path) -> None:
    state = w2s.game("chess").state(moves=["e4", "e5", "Nf3"])
    rows = [MoveExample(f"e{at}", state, gold=gold, group="g") for at, gold in enumerate((("b8c6",), (), ()))]
    splits = Splits(gold=rows[:1], pool=rows[1:], test=[])
    write_splits(splits, tmp_path / "examples.parquet")
    again = read_splits(tmp_path / "examples.parquet")
    assert [(one.id, one.gold, one.group) for one in again.gold] == [("e0", ("b8c6",), "g")]
    assert [one.id for one in again.pool] == ["e1", "e2"]
    assert again.gold[0].state.played == state.played
    assert again.test == []
