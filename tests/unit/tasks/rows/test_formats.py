"""Rows of JSON, CSV and Parquet: where they stand, and what is said of those that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.tasks import read_examples
from w2s.tasks.rows import read_rows

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
