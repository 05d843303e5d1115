"""Several data sets in one chain: each role from a set's files, or from files of its own."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.chain.config import SPLITS, ChainConfig, Examples
from w2s.chain.data.files import load_splits
from w2s.config import build
from w2s.errors import DataError, UsageError


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
    return load_splits(build(Examples, tables, "examples"), task="choice", game="chess", seed=0, **more)


def test_every_set_gives_each_role_its_own_number_of_rows(tmp_path: Path) -> None:
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


def test_a_role_with_files_of_its_own_has_so_many_of_their_rows_and_their_columns(tmp_path: Path) -> None:
    train = questions(tmp_path / "train.jsonl", range(20))
    test = questions(tmp_path / "test.jsonl", range(50, 90), question="asked")
    own = {"files": [test], "rows": 6, "columns": {"question": "asked"}}
    found = read({"files": [train], "gold": 5, "pool": 15, "test": own})
    assert [len(getattr(found, role)) for role in SPLITS] == [5, 15, 6]
    assert all(int(one.question.split()[-1][:-1]) >= 50 for one in found.test)
    again = read({"files": [train], "gold": 5, "pool": 15, "test": own})
    assert found == again


def test_what_is_drawn_shares_nothing_with_test_or_with_other_sets(tmp_path: Path) -> None:
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


def test_files_of_two_roles_that_share_a_question_are_refused(tmp_path: Path) -> None:
    train, pool, test = (
        questions(tmp_path / f"{name}.jsonl", rows)
        for name, rows in (("train", [1, 2, 3]), ("pool", [7, 8]), ("test", [8, 9]))
    )
    with raises_code("chain-splits-overlap", DataError):
        read({"files": [train], "gold": 2, "pool": [pool], "test": [test]})


def test_ids_that_repeat_over_sets_are_left_out_of_the_second(tmp_path: Path) -> None:
    for name, stem in (("a", "Is it"), ("b", "Was it")):
        (tmp_path / name).mkdir()
        questions(tmp_path / name / "rows.jsonl", range(6), stem=stem)
    sets = [
        {"files": [str(tmp_path / name / "rows.jsonl")], "gold": 2, "pool": 2, "test": 2} for name in "ab"
    ]
    with raises_code("chain-too-few-examples", DataError):
        read({"sets": sets})


def test_ids_that_repeat_in_files_of_one_role_are_refused(tmp_path: Path) -> None:
    tests = []
    for name, stem in (("a", "Is it"), ("b", "Was it")):
        (tmp_path / name).mkdir()
        tests.append(questions(tmp_path / name / "rows.jsonl", range(2), stem=stem))
    train = questions(tmp_path / "train.jsonl", range(50, 60))
    sets = [{"files": [train], "gold": 1, "pool": 1, "test": [test]} for test in tests]
    with raises_code("chain-duplicate-id", DataError):
        read({"sets": sets})


def test_rows_that_cannot_be_used_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    train = tmp_path / "train.jsonl"
    questions(train, range(9))
    with train.open("a") as file:
        file.write('{"id": "bad", "question": "Which?", "options": ["same", "same"], "answer": "A"}\n')
    given: dict[str, Any] = {"files": [str(train)], "gold": 3, "pool": 3, "test": 3}
    with pytest.raises(DataError, match="the options A and B are equal"):
        read(given)
    said: list[str] = []
    found = read({**given, "bad_rows": "skip"}, say=said.append)
    assert [len(getattr(found, role)) for role in SPLITS] == [3, 3, 3]
    assert len(said) == 1
    assert said[0].startswith(f"1 rows of {train} cannot be used; the first: ")


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"gold": 5, "pool": 5, "test": ["t.jsonl"]}, "chain-examples-files-missing"),
        ({"files": ["a"], "gold": ["a"], "pool": ["b"], "test": ["c"]}, "chain-examples-files-twice"),
        ({"files": ["a"], "sets": [{"files": ["b"]}]}, "chain-examples-sets-mixed"),
        ({"gold": 7, "sets": [{"files": ["b"]}]}, "chain-examples-sets-mixed"),
        ({"files": ["a"], "test": {"files": []}}, "config-invalid-value"),
        ({"files": ["a"], "test": {"files": ["b"], "rows": 0}}, "config-invalid-value"),
    ],
)
def test_what_contradicts_itself_is_refused(tables: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        build(Examples, tables, "examples")


def test_a_configuration_with_sets_survives_its_own_file() -> None:
    sets = [{"files": ["a"], "gold": 3, "test": {"files": ["b"], "rows": 4, "columns": {"question": "q"}}}]
    chain = build(
        ChainConfig, {"task": "choice", "teacher": "a", "student": "b", "examples": {"sets": sets}}, "it"
    )
    again = build(ChainConfig, tomllib.loads(chain.to_toml()), "it")
    assert again == chain
    assert again.digest() == chain.digest()
    assert again.examples.gold_rows == 3


def test_gold_of_a_regime_is_as_many_rows_as_the_sets_ask_for() -> None:
    regime = {"name": "ood_dist", "gold_examples": ["c"]}
    given = {"task": "choice", "teacher": "a", "student": "b", "regime": regime}
    sets = [{"files": ["a"], "gold": 3}, {"files": ["b"], "gold": 4}]
    assert build(ChainConfig, {**given, "examples": {"sets": sets}}, "it").examples.gold_rows == 7
    with raises_code("chain-regime-gold-files", UsageError):
        build(ChainConfig, {**given, "examples": {"sets": [{"files": ["a"], "gold": ["g"]}]}}, "it")
