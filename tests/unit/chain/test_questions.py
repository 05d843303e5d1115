"""Questions as examples of a chain: what asks the same has one role, and role files give them back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.chain.config import SPLITS, Examples
from w2s.chain.data.files import load_splits
from w2s.chain.data.splits import Splits, group_keys, read_splits, split, write_splits
from w2s.errors import DataError
from w2s.tasks import AnswerExample, ChoiceExample, Example, task_of

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
def test_one_question_has_one_role_however_its_options_are_ordered(
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


def test_what_asks_the_same_is_together() -> None:
    first, second, third = group_keys(CHOICES)
    assert first == second != third
    first, second, third = group_keys(SUMS)
    assert first == second != third


@pytest.mark.parametrize("examples", [CHOICES, SUMS], ids=["choice", "answer"])
def test_a_role_file_gives_back_what_was_written(tmp_path: Path, examples: list[Example]) -> None:
    splits = Splits(examples[:1], examples[1:2], examples[2:])
    write_splits(splits, tmp_path / "roles.parquet")
    found = read_splits(tmp_path / "roles.parquet")
    assert (found.gold, found.pool, found.test) == (splits.gold, splits.pool, splits.test)
    assert found.table() == splits.table()
    assert type(found.gold[0]) is type(examples[0])
    assert task_of(found.gold[0]) is task_of(examples[0])


def write(path: Path, rows: list[dict[str, object]]) -> tuple[str, ...]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return (str(path),)


def asked(id_: str, question: str, answer: str | None = "A") -> dict[str, object]:
    return {"id": id_, "question": question, "options": ["x", "y"], "answer": answer}


def test_roles_of_files_may_not_share_a_question(tmp_path: Path) -> None:
    source = Examples(
        gold=write(tmp_path / "gold.jsonl", [asked("g", "Why?")]),
        pool=write(tmp_path / "pool.jsonl", [asked("p", "How?")]),
        test=write(tmp_path / "test.jsonl", [asked("t", "why? ")]),
    )
    with raises_code("chain-splits-overlap", DataError) as caught:
        load_splits(source, task="choice", game="chess", seed=0)
    assert "gold and test share the position or question of 't'" in str(caught.value)


def test_only_the_pool_may_be_without_answers(tmp_path: Path) -> None:
    def source(gold: str | None, pool: str | None) -> Examples:
        return Examples(
            gold=write(tmp_path / "gold.jsonl", [asked("g", "Why?", gold)]),
            pool=write(tmp_path / "pool.jsonl", [asked("p", "How?", pool)]),
            test=write(tmp_path / "test.jsonl", [asked("t", "When?")]),
        )

    found = load_splits(source("A", None), task="choice", game="chess", seed=0)
    assert found.pool[0].gold == ()
    with raises_code("chain-example-without-answer", DataError) as caught:
        load_splits(source(None, "A"), task="choice", game="chess", seed=0)
    assert "1 gold" in str(caught.value)


def test_named_columns_hold_for_all_files(tmp_path: Path) -> None:
    rows = [{"id": f"r{i}", "problem": f"{i} + 1?", "value": str(i + 1)} for i in range(6)]
    files = write(tmp_path / "a.jsonl", rows[:3]) + write(tmp_path / "b.jsonl", rows[3:])
    source = Examples(
        files=files,
        gold=2,
        pool=2,
        test=2,
        columns={"question": "problem", "answer": "value", "answer_is": "text"},
    )
    found = load_splits(source, task="answer", game="chess", seed=0)
    assert sorted(one.id for role in SPLITS for one in getattr(found, role)) == [f"r{i}" for i in range(6)]
    assert all(isinstance(one, AnswerExample) for one in found.gold)


def test_ids_that_repeat_over_files_are_refused(tmp_path: Path) -> None:
    files = write(tmp_path / "a.jsonl", [asked("same", "Why?")]) + write(
        tmp_path / "b.jsonl", [asked("same", "How?")]
    )
    with raises_code("chain-duplicate-id", DataError):
        load_splits(Examples(files=files, gold=1, pool=1, test=1), task="choice", game="chess", seed=0)
