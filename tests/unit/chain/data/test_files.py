"""Data sets give splits: from shared files, from their own files, and gold from other files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.config import ChainConfig
from w2s.chain.data.files import load_outside_gold, load_splits
from w2s.chain.data.splits import Splits, write_splits
from w2s.chain.example_settings import SPLITS, Examples
from w2s.config import parse_config
from w2s.errors import DataError
from w2s.tasks import AnswerExample, Example, MoveExample


def questions(
    path: Path, names: range | list[int], *, stem: str = "Is it", question: str = "question"
) -> str:
    rows = [
        {"id": f"{path.stem}-{n}", question: f"{stem} {n}?", "options": ["yes", "no"], "answer": "A"}
        for n in names
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read(tables: dict[str, Any], **more: Any) -> Any:
    return load_splits(
        parse_config(Examples, tables, "examples"), task="choice", game="chess", seed=0, **more
    )


def test_every_set_gives_each_split_its_number_of_rows(tmp_path: Path) -> None:
    first = questions(tmp_path / "first.jsonl", range(30))
    second = questions(tmp_path / "second.jsonl", range(100, 130))
    found = read(
        {
            "sets": [
                {"files": [first], "gold": 3, "pool": 10, "test": 4},
                {"files": [second], "gold": 7, "pool": 5, "test": 4},
            ]
        }
    )
    counts = {
        role: [sum(one.id.startswith(stem) for one in getattr(found, role)) for stem in ("first", "second")]
        for role in SPLITS
    }
    assert counts == {"gold": [3, 7], "pool": [10, 5], "test": [4, 4]}


def test_split_with_its_own_files_has_their_rows_and_columns(tmp_path: Path) -> None:
    train = questions(tmp_path / "train.jsonl", range(20))
    test = questions(tmp_path / "test.jsonl", range(50, 90), question="asked")
    own = {"files": [test], "rows": 6, "column_mapping": {"question": "asked"}}
    found = read({"files": [train], "gold": 5, "pool": 15, "test": own})
    assert [len(getattr(found, role)) for role in SPLITS] == [5, 15, 6]
    assert all(int(one.question.split()[-1][:-1]) >= 50 for one in found.test)
    again = read({"files": [train], "gold": 5, "pool": 15, "test": own})
    assert found == again


def test_drawn_rows_share_nothing_with_other_splits_and_sets(tmp_path: Path) -> None:
    train = questions(tmp_path / "train.jsonl", range(20))
    test = questions(tmp_path / "test.jsonl", range(15, 25))
    other = questions(tmp_path / "other.jsonl", range(10, 40))
    said: list[str] = []
    sets = [
        {"files": [train], "gold": 5, "pool": 10, "test": [test]},
        {"files": [other], "gold": 5, "pool": 10, "test": [questions(tmp_path / "c.jsonl", [99])]},
    ]
    found = read({"sets": sets}, say=said.append)
    asked = [one.question for role in SPLITS for one in getattr(found, role)]
    assert len(set(asked)) == len(asked) == 15 + 10 + 15 + 1
    assert said[0].startswith("5 examples of")
    assert said[1].startswith("15 examples of")


def test_split_files_that_share_a_question_are_refused(tmp_path: Path) -> None:
    train, pool, test = (
        questions(tmp_path / f"{name}.jsonl", rows)
        for name, rows in (("train", [1, 2, 3]), ("pool", [7, 8]), ("test", [8, 9]))
    )
    with raises_code("chain-splits-overlap", DataError):
        read({"files": [train], "gold": 2, "pool": [pool], "test": [test]})


def test_repeated_ids_are_left_out_of_the_second_set(tmp_path: Path) -> None:
    for name, stem in (("a", "Is it"), ("b", "Was it")):
        (tmp_path / name).mkdir()
        questions(tmp_path / name / "rows.jsonl", range(6), stem=stem)
    sets = [
        {"files": [str(tmp_path / name / "rows.jsonl")], "gold": 2, "pool": 2, "test": 2} for name in "ab"
    ]
    with raises_code("chain-too-few-examples", DataError):
        read({"sets": sets})


def test_repeated_ids_in_one_split_are_refused(tmp_path: Path) -> None:
    tests = []
    for name, stem in (("a", "Is it"), ("b", "Was it")):
        (tmp_path / name).mkdir()
        tests.append(questions(tmp_path / name / "rows.jsonl", range(2), stem=stem))
    train = questions(tmp_path / "train.jsonl", range(50, 60))
    sets = [{"files": [train], "gold": 1, "pool": 1, "test": [test]} for test in tests]
    with raises_code("chain-duplicate-id", DataError):
        read({"sets": sets})


def test_bad_rows_are_skipped_on_request(tmp_path: Path) -> None:
    train = tmp_path / "train.jsonl"
    questions(train, range(9))
    with train.open("a") as file:
        file.write('{"id": "bad", "question": "Which?", "options": ["same", "same"], "answer": "A"}\n')
    given: dict[str, Any] = {"files": [str(train)], "gold": 3, "pool": 3, "test": 3}
    with pytest.raises(DataError, match="options A and B are equal"):
        read(given)
    said: list[str] = []
    found = read({**given, "bad_rows": "skip"}, say=said.append)
    assert [len(getattr(found, role)) for role in SPLITS] == [3, 3, 3]
    assert len(said) == 1
    assert said[0].startswith(f"1 rows of {train} cannot be used; the first: ")


STATES = [
    w2s.game("connect_four").state(moves=[column, other]) for column in "1234567" for other in "1234567"
]
EXAMPLES = [
    MoveExample(f"e{at}", state, gold=("4",), group=f"g{at // 2}") for at, state in enumerate(STATES[:12])
]


def write_positions(path: Path, examples: list[MoveExample]) -> str:
    write_splits(Splits([], examples, []), path)
    return str(path)


def outside(
    config: ChainConfig, others: Splits, say: Callable[[str], None] = lambda _: None
) -> list[Example]:
    return load_outside_gold(
        config.examples, config.regime, others, task=config.task, game=config.game, seed=0, say=say
    )


def config(file: str, gold: int, **regime: str) -> ChainConfig:
    return ChainConfig.model_validate(
        {
            "game": "connect_four",
            "teacher": "policy:a",
            "student": "policy:b",
            "examples": {"files": ["pool.parquet"], "gold": gold},
            "regime": {"name": "ood_dist", "gold_examples": [file], **regime},
        }
    )


def test_outside_gold_excludes_ids_positions_and_groups_of_pool_and_test(tmp_path: Path) -> None:
    pool = [MoveExample("e0", STATES[40]), MoveExample("x", STATES[2])]
    test = [MoveExample("y", STATES[41], group="g3")]
    said: list[str] = []
    found = outside(
        config(write_positions(tmp_path / "a.parquet", EXAMPLES), 8), Splits([], pool, test), said.append
    )
    assert {example.id for example in found} == {f"e{at}" for at in (1, 3, 4, 5, 8, 9, 10, 11)}
    assert said == ["4 gold examples are left out: pool or test has their position or id"]


def test_too_little_outside_gold_is_refused(tmp_path: Path) -> None:
    file = write_positions(tmp_path / "a.parquet", EXAMPLES)
    nothing = Splits([], [], [])
    assert len(outside(config(file, 6), nothing)) == 6
    with raises_code("chain-too-few-examples", DataError):
        outside(config(file, 13), nothing)


def test_outside_gold_without_answers_is_refused(tmp_path: Path) -> None:
    file = write_positions(tmp_path / "a.parquet", [*EXAMPLES, MoveExample("open", STATES[20])])
    with raises_code("chain-example-without-answer", DataError) as caught:
        outside(config(file, 6), Splits([], [], []))
    assert "'open'" in str(caught.value)


def test_ids_of_outside_gold_have_the_name_of_its_game(tmp_path: Path) -> None:
    states = [w2s.game("othello").state(moves=[move]) for move in w2s.game("othello").state().legal_moves()]
    rows = [MoveExample(f"e{at}", state, gold=(state.legal_moves()[0],)) for at, state in enumerate(states)]
    file = write_positions(tmp_path / "o.parquet", rows)
    domain = {"name": "ood_domain", "gold_game": "othello", "gold_teacher": "policy:c"}
    found = outside(config(file, 2, **domain), Splits([], EXAMPLES, []))
    assert len(found) == 2
    assert all(example.id.startswith("othello:e") for example in found)
    with raises_code("chain-gold-wrong-game", DataError):
        outside(config(file, 2), Splits([], [], []))


def test_files_that_share_a_position_are_refused(tmp_path) -> None:
    line = "7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,900\n"
    other = "6k1/5ppp/8/8/8/8/8/1R2K3 b - - 0 1,g8h8 b1b8,900\n"
    for name, text in (("gold", line), ("pool", other), ("test", line)):
        (tmp_path / f"{name}.csv").write_text(text)
    source = Examples(**{role: (str(tmp_path / f"{role}.csv"),) for role in SPLITS})
    with raises_code("chain-splits-overlap", DataError):
        load_splits(source, game="chess", seed=0)


def write(path: Path, rows: list[dict[str, object]]) -> tuple[str, ...]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return (str(path),)


def asked(id_: str, question: str, answer: str | None = "A") -> dict[str, object]:
    return {"id": id_, "question": question, "options": ["x", "y"], "answer": answer}


def test_splits_of_files_may_not_share_a_question(tmp_path: Path) -> None:
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


def test_named_columns_apply_to_all_files(tmp_path: Path) -> None:
    rows = [{"id": f"r{i}", "problem": f"{i} + 1?", "value": str(i + 1)} for i in range(6)]
    files = write(tmp_path / "a.jsonl", rows[:3]) + write(tmp_path / "b.jsonl", rows[3:])
    source = Examples(
        files=files,
        gold=2,
        pool=2,
        test=2,
        column_mapping={"question": "problem", "answer": "value", "answer_is": "text"},
    )
    found = load_splits(source, task="answer", game="chess", seed=0)
    assert sorted(one.id for role in SPLITS for one in getattr(found, role)) == [f"r{i}" for i in range(6)]
    assert all(isinstance(one, AnswerExample) for one in found.gold)


def test_repeated_ids_over_files_are_refused(tmp_path: Path) -> None:
    files = write(tmp_path / "a.jsonl", [asked("same", "Why?")]) + write(
        tmp_path / "b.jsonl", [asked("same", "How?")]
    )
    with raises_code("chain-duplicate-id", DataError):
        load_splits(Examples(files=files, gold=1, pool=1, test=1), task="choice", game="chess", seed=0)
