"""JSON lines whose columns change their type: only columns that are used must have one type."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tables import jsonl
from w2s.tables.json_tables import infer_schema, parse

LINES = [
    b'{"trust": 0.5, "a": 1, "b": {"c": 1}}\n',
    b'{"trust": 0.7, "a": "x", "b": {"c": "y"}}\n',
    b'{"trust": 0.9, "a": [1], "b": [2]}\n',
]


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def name(line: int) -> str:
    return f"line {line + 1}"


def test_lines_with_changing_types_are_copied_as_they_are(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINES)
    w2s.filter(source, tmp_path / "out.jsonl", score="trust", top=2)
    assert (tmp_path / "out.jsonl").read_bytes() == b"".join(LINES[1:])


def test_files_with_different_types_are_one_table_of_lines(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, line in enumerate(LINES):
        write(tmp_path / "in" / f"{number}.jsonl", [line])
    w2s.filter(tmp_path / "in", tmp_path / "out.jsonl", score="trust", top=2)
    assert (tmp_path / "out.jsonl").read_bytes() == b"".join(LINES[1:])
    with raises_code("table-schema-mismatch"):
        w2s.filter(tmp_path / "in", tmp_path / "out.parquet", score="trust", top=2)


def test_numbers_as_text_are_scores(tmp_path: Path) -> None:
    lines = [b'{"trust": 0.5}\n', b'{"trust": "0.75"}\n', b'{"trust": null}\n', b'{"trust": true}\n']
    source = write(tmp_path / "in.jsonl", lines)
    w2s.filter(source, tmp_path / "out.jsonl", score="trust", threshold=0.6, nulls="drop")
    assert (tmp_path / "out.jsonl").read_bytes() == lines[1] + lines[3]
    w2s.filter(source, tmp_path / "out.parquet", score="trust", threshold=0.6, nulls="drop")
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == {"trust": [0.75, 1.0]}


def test_another_format_needs_one_type_and_names_two_lines(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINES)
    with raises_code("table-mixed-types", DataError) as caught:
        w2s.filter(source, tmp_path / "out.parquet", score="trust", top=2)
    message = str(caught.value)
    assert "column 'a' is a number in" in message
    assert "line 1, but text in" in message
    assert "in.jsonl, line 2" in message


def test_a_column_that_is_used_needs_one_type(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", LINES)
    with raises_code("table-mixed-types") as caught:
        w2s.filter(source, tmp_path / "out.jsonl", score="trust", top=2, by="a")
    assert "in.jsonl, line 1: a is 1" in str(caught.value)


def test_a_column_that_is_null_at_first_may_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 60)
    lines = [b'{"trust": 0.5, "correct": null}\n'] * 9 + [b'{"trust": 0.5, "correct": true}\n']
    source = write(tmp_path / "in.jsonl", lines)
    summary = w2s.filter(source, tmp_path / "out.jsonl", score="trust", top=10, gold="correct")
    assert summary["purity"]["right"] == 1


def test_groups_of_several_types_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 30)
    lines = [b'{"trust": 1, "g": null}\n'] * 2 + [b'{"trust": 1, "g": 1}\n', b'{"trust": 1, "g": "a"}\n']
    with raises_code("filter-unusable-group"):
        w2s.filter(write(tmp_path / "in.jsonl", lines), tmp_path / "out.jsonl", score="trust", top=1, by="g")


def test_lines_are_numbered_in_every_part_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_SPLIT_BYTES", 64)
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 50)
    lines = [b'{"trust": 1}\n', b"\n", b"\r\n"] * 20
    for bad in (0, 3, 27, 57):
        path = write(tmp_path / f"{bad}.jsonl", [*lines[:bad], b'{"trust": null}\n', *lines[bad + 1 :]])
        with raises_code("filter-null-score") as caught:
            w2s.filter(path, tmp_path / "out.jsonl", score="trust", top=1)
        assert f"{bad}.jsonl, line {bad + 1}: trust" in str(caught.value)


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [b"\xef\xbb\xbf", *LINES])
    w2s.filter(source, tmp_path / "out.jsonl", score="trust", top="100%")
    assert (tmp_path / "out.jsonl").read_bytes() == b"".join(LINES)


def test_parse_names_the_line_of_a_wrong_value() -> None:
    lines = pa.array([b'{"x": 1}\n', b'{"x": "one"}\n'], pa.large_binary())
    with raises_code("table-mixed-types") as caught:
        parse(lines, pa.schema([("x", pa.int64())]), name)
    assert "line 2: x is 'one' instead of int64" in str(caught.value)


def test_inferred_columns_of_several_types_are_null() -> None:
    lines = pa.array([line.rstrip() + b"\n" for line in LINES], pa.large_binary())
    found = infer_schema(lines, name, ragged=True)
    assert found == pa.schema([("trust", pa.float64()), ("a", pa.null()), ("b", pa.null())])
