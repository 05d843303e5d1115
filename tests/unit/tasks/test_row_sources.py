"""Rows of files and of published datasets: where they are, and the errors of those that cannot be read."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.tasks import read_examples
from w2s.tasks.row_sources import KNOWN_DATASETS, HubName, parse_hub_name, read_rows

ROW = {"question": "Which?", "options": ["x", "y"]}


def written(folder: Path, name: str, words: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(words.encode() if isinstance(words, str) else words)
    return path


def refuse(error: DataError) -> None:
    raise error


def test_all_formats_give_the_same_rows(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"question": "What?"}]
    lines = "\ufeff" + "\n\n".join(map(json.dumps, rows)) + "\n"
    paths = [
        written(tmp_path, "a.jsonl", lines),
        written(tmp_path, "a.ndjson", lines),
        written(tmp_path, "lines.json", lines),
        written(tmp_path, "array.json", f"\ufeff \n{json.dumps(rows, indent=1)}"),
        tmp_path / "a.parquet",
    ]
    pq.write_table(pa.Table.from_pylist(rows), paths[-1])
    for path in paths:
        assert [row.values for row in read_rows(path, refuse)] == rows
    assert [row.place for row in read_rows(paths[0], refuse)] == [
        f"{paths[0]}, line 1",
        f"{paths[0]}, line 3",
    ]
    assert [row.name for row in read_rows(paths[0], refuse)] == ["a-1", "a-3"]
    assert [row.place for row in read_rows(paths[-1], refuse)] == [
        f"{paths[-1]}, row 1",
        f"{paths[-1]}, row 2",
    ]


@pytest.mark.parametrize(
    ("name", "words", "code", "fact"),
    [
        ("a.jsonl", '{"a": 1}\n{"a": \n', "task-invalid-json", "line 2: "),
        ("a.jsonl", '{"a": 1}\n[1]\n', "task-row-not-object", "line 2: [1]"),
        ("a.jsonl", '{"a": 1}\n{"a": "b\0"}\n', "task-invalid-json", "line 2: "),
        ("a.jsonl", '{"a": 1}\n' + "[" * 100_000, "task-invalid-json", "line 2: "),
        ("a.jsonl", '{"a": 1}\n{"a": ' + "9" * 5000 + "}", "task-invalid-json", "line 2: "),
        ("a.json", '[{"a": 1},\n 5]', "task-row-not-object", "row 2: 5"),
        ("a.csv", "a,b\n1,2\n3\n", "task-row-length", "line 3: 1 values for 2 columns"),
    ],
)
def test_unreadable_row_is_reported_and_the_others_are_read(
    tmp_path: Path, name: str, words: str, code: str, fact: str
) -> None:
    path = written(tmp_path, name, words)
    with raises_code(code, DataError) as raised:
        list(read_rows(path, refuse))
    assert fact in str(raised.value)
    told: list[DataError] = []
    assert len(list(read_rows(path, told.append))) == len(told) == 1
    assert "\n" not in str(told[0])


@pytest.mark.parametrize(
    ("name", "words", "code", "fact"),
    [
        (
            "a.json",
            '[{"a": 1},\n {"b" 2}]',
            "task-invalid-json",
            "a.json: invalid JSON in line 2: Expecting ':' delimiter at column 7",
        ),
        ("a.json", "[" * 100_000, "task-invalid-json", "a.json"),
        ("a.jsonl", b"\xff\xfe", "task-file-unreadable", "a.jsonl"),
        ("a.json", b"\xff\xfe", "task-file-unreadable", "a.json"),
        ("a.csv", b"\xff\xfe", "task-file-unreadable", "a.csv"),
        ("a.csv", "a,a\n1,2\n", "task-duplicate-column", "a, a"),
        ("a.csv", 'a,b\n"1,2\n', "task-file-unreadable", "a.csv"),
        ("a.parquet", "PAR1", "task-file-unreadable", "a.parquet"),
        ("a.jsonl", "", "task-file-empty", "a.json"),
        ("a.json", "", "task-file-empty", "a.json"),
        ("a.jsonl", "\n \n", "task-no-examples", "a."),
        ("a.json", "[]", "task-no-examples", "a."),
        ("a.csv", "question,options\n", "task-no-examples", "a."),
    ],
)
def test_unreadable_file_is_an_error_of_one_line(
    tmp_path: Path, name: str, words: str | bytes, code: str, fact: str
) -> None:
    with raises_code(code, DataError) as raised:
        read_examples(written(tmp_path, name, words), "choice")
    assert fact in str(raised.value)
    assert "\n" not in str(raised.value)


def test_unknown_formats_and_missing_files_are_refused(tmp_path: Path) -> None:
    with raises_code("task-unknown-format", UsageError) as raised:
        read_examples(written(tmp_path, "a.pgn", "1. e4"), "choice")
    assert ".jsonl, .json" in str(raised.value)
    with raises_code("task-file-missing", DataError):
        read_examples(tmp_path / "none.jsonl", "answer")


# Published datasets ---------------------------------------------------------------------------------------


ARC = {
    "id": "q1",
    "question": "Which?",
    "choices": {"text": ["red", "blue"], "label": ["A", "B"]},
    "answerKey": "B",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A double of the package: it gives one row of ARC and writes down what it was asked."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(
        path: str,
        name: str | None = None,
        *,
        split: str,
        revision: str | None,
        trust_remote_code: bool | None = None,
    ) -> list[dict[str, Any]]:
        calls.append((path, name, split, revision, trust_remote_code))
        if split == "none":
            raise ValueError('Unknown split "none".\nShould be one of ["train"].')
        return [ARC]

    double = ModuleType("datasets")
    double.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", double)
    return calls


def test_dataset_is_read_by_name_config_and_split_without_remote_code(asked: list[tuple[Any, ...]]) -> None:
    (found,) = read_examples("hf:allenai/ai2_arc?config=ARC-Easy&split=test&revision=abc", "choice")
    assert (found.id, found.options, found.gold) == ("q1", ("red", "blue"), ("B",))
    assert asked == [("allenai/ai2_arc", "ARC-Easy", "test", "abc", False)]


def test_known_dataset_needs_no_owner(asked: list[tuple[Any, ...]]) -> None:
    read_examples("hf:arc-challenge", "choice")
    read_examples("hf:SIQA?split=validation", "choice", columns="arc-easy")
    assert asked == [
        ("allenai/ai2_arc", "ARC-Challenge", "train", None, False),
        ("allenai/social_i_qa", None, "validation", "refs/convert/parquet", False),
    ]


def test_missing_split_is_an_error_of_one_line(asked: list[tuple[Any, ...]]) -> None:
    with raises_code("hf-dataset-unreadable", DataError) as raised:
        read_examples("hf:a/b?split=none", "choice")
    assert 'hf:a/b?split=none: Unknown split "none"' in str(raised.value)
    assert "\n" not in str(raised.value)


def test_rows_without_id_are_named_after_the_dataset(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ARC, "id")
    (found,) = read_examples("hf:arc-easy", "choice")
    assert found.id == "ai2_arc-ARC-Easy-train-1"


@pytest.mark.parametrize(
    "name", ["hf:", "hf:?split=train", "hf:a/b?split=", "hf:a/b?spilt=test", "hf:a/b?config="]
)
def test_invalid_dataset_name_is_refused(name: str) -> None:
    with raises_code("hf-invalid-dataset-name", UsageError) as raised:
        parse_hub_name(name)
    assert "hf:OWNER/NAME?config=NAME&split=test" in str(raised.value)


def test_every_known_dataset_name_can_be_parsed() -> None:
    assert len(KNOWN_DATASETS) >= 6
    for name, home in KNOWN_DATASETS.items():
        assert parse_hub_name(f"hf:{name}") == parse_hub_name(f"hf:{home}")
        assert "/" in parse_hub_name(f"hf:{name}").path
    assert parse_hub_name("hf:other/set") == HubName("other/set")


def test_missing_datasets_package_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'w2s\[models\]'"):
        read_examples("hf:arc-easy", "choice")


def test_moves_are_not_read_from_published_datasets() -> None:
    with raises_code("task-file-missing", DataError):
        read_examples("hf:arc-easy")


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs the package datasets")
@pytest.mark.filterwarnings("ignore")  # of what it imports
def test_real_datasets_package_reads_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [ARC | {"id": f"q{number}"} for number in range(3)]
    (folder / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    found = read_examples(f"hf:{folder}?split=test", "choice")
    assert [one.id for one in found] == ["q0", "q1", "q2"]
    assert all(one.gold == ("B",) for one in found)
    with raises_code("hf-dataset-unreadable", DataError):
        read_examples(f"hf:{tmp_path / 'nothing'}", "choice")
