"""Whatever cannot be used is refused in one line that says what, where and the remedy; nothing is written."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import everything
from w2s.errors import DataError


def refused(folder: Path, inputs: Any, code: str, *facts: str, **options: Any) -> None:
    """Expect a code, facts in the message, and an untouched folder."""
    given = {"score": "trust", "top": "10%"} | options
    out = given.pop("out", folder / "out.parquet")
    before = sorted(folder.rglob("*"))
    with raises_code(code) as caught:
        w2s.filter(inputs, out, **given)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for fact in facts:
        assert fact in message
    assert sorted(folder.rglob("*")) == before


@pytest.fixture
def source(tmp_path: Path, table: pa.Table) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, row_group_size=700)
    return path


@pytest.mark.parametrize("keep", [0, 1, 100, -1, -30, -2_000])
def test_a_truncated_parquet_file_is_refused(tmp_path: Path, source: Path, keep: int) -> None:
    whole = source.read_bytes()
    source.write_bytes(whole[:keep])
    refused(tmp_path, source, "table-unreadable", "in.parquet")


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    table = pa.table({"trust": [i / 1000 for i in range(1000)], "text": [f"{i} " * 20 for i in range(1000)]})
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, use_dictionary=False, compression="zstd")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    whole = bytearray(path.read_bytes())
    for at in range(chunk.data_page_offset + 60, chunk.data_page_offset + 200):
        whole[at] ^= 0xFF
    path.write_bytes(whole)
    refused(tmp_path, path, "table-damaged", "row group 0, column 'text'")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("in.arrow", "table-unreadable"),
        ("in.csv", "table-unreadable"),
        ("in.jsonl", "table-empty"),
        ("in.jsonl.gz", "table-empty"),
        ("in.jsonl.zst", "table-empty"),
        ("in.parquet", "table-unreadable"),
    ],
)
def test_an_empty_file_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / name).write_bytes(b"")
    refused(tmp_path, tmp_path / name, code, name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("in.arrow", "table-unreadable"),
        ("in.jsonl", "table-invalid-json-line"),
        ("in.jsonl.gz", "table-unreadable"),
        ("in.jsonl.zst", "table-unreadable"),
        ("in.parquet", "table-unreadable"),
    ],
)
def test_a_file_of_another_format_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01rubbish that means nothing\n" * 50)
    refused(tmp_path, tmp_path / name, code, name)


def test_a_truncated_compressed_file_is_refused(tmp_path: Path) -> None:
    import gzip

    text = "".join(
        json.dumps({"trust": i / 9999, "x": os.urandom(20).hex()}) + "\n" for i in range(9_999)
    ).encode()
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(text)[:-5000])
    refused(tmp_path, tmp_path / "in.jsonl.gz", "table-unreadable", "in.jsonl.gz")


def test_lines_must_hold_one_object_each(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"trust": 1}\n[1]\n')
    refused(tmp_path, path, "table-invalid-json-line")
    path.write_text('{"trust": 1} {"trust": 2}\n')
    refused(tmp_path, path, "table-invalid-json-line", "in.jsonl, line 1")
    path.write_text('{"trust": 1}\n\n{"trust": "high"}\n')
    refused(tmp_path, path, "table-invalid-json-line", "in.jsonl, line 3: trust is 'high'")
    path.write_text('[\n{"trust": 1}\n]')
    refused(tmp_path, path, "table-invalid-json-line", "line 1 is a JSON array")


def test_files_must_have_one_schema(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"trust": [1.0], "x": [1]}), folder / "a.parquet")
    pq.write_table(pa.table({"trust": [1.0], "x": ["1"]}), folder / "b.parquet")
    refused(tmp_path, folder, "table-schema-mismatch", "'x' is int64", "string")
    pq.write_table(pa.table({"trust": [1.0]}), folder / "b.parquet")
    refused(tmp_path, folder, "table-schema-mismatch", "b.parquet has no column 'x'")
    pq.write_table(pa.table({"x": [1], "trust": [1.0]}), folder / "b.parquet")
    refused(tmp_path, folder, "table-schema-mismatch", "at another place")


def test_unknown_and_mistyped_columns_are_refused(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, source, "table-unknown-column", "'trst'", "did you mean trust", score="trst")
    refused(tmp_path, source, "table-unknown-column", "id, trust, ", "and 7 more", by="zzzzzz")
    with pytest.raises(DataError, match="'text'"):
        w2s.filter(source, tmp_path / "out.parquet", score="text", top=1)
    refused(tmp_path, source, "filter-unusable-group", "meta", by="meta")
    refused(tmp_path, source, "filter-invalid-gold", "row 0: trust is", gold="trust")


def numbers(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path


def test_errors_name_the_row_of_an_invalid_value(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    trust = [0.5] * 10
    numbers(path, trust=[*trust[:9], float("nan")])
    refused(tmp_path, path, "filter-nan-score", "row group 2, row 1: trust")
    numbers(path, trust=[*trust[:6], None, None])
    refused(tmp_path, path, "filter-null-score", "row group 1, row 2: trust", 'nulls="drop"')
    numbers(path, trust=trust, cost=[1.0] * 9 + [-2.0])
    refused(
        tmp_path,
        path,
        "filter-invalid-cost",
        "row group 2, row 1: cost is -2",
        top=None,
        budget=5,
        cost="cost",
    )
    numbers(path, trust=trust, cost=[1.0] * 9 + [float("inf")])
    refused(tmp_path, path, "filter-invalid-cost", "cost is inf", top=None, budget=5, cost="cost")
    numbers(path, trust=trust, correct=[None] * 10)
    refused(tmp_path, path, "filter-no-known-gold", top=None, purity=0.9, gold="correct")


def test_repeated_ids_are_refused(tmp_path: Path) -> None:
    path = numbers(tmp_path / "in.parquet", trust=[0.5] * 6, id=["a", "b", "c", "d", "b", "b"])
    refused(tmp_path, path, "filter-repeated-id", "id 'b'", "3 rows", id="id")
    numbers(path, trust=[0.5] * 2, id=["a", "b"])
    assert w2s.filter(path, tmp_path / "out.parquet", score="trust", top=1, id="id")["rows_kept"] == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"top": None}, "select-not-one-rule"),
        ({"threshold": 0.5}, "select-not-one-rule"),
        ({"top": "101%"}, "select-bad-count"),
        ({"top": "ten"}, "select-bad-count"),
        ({"top": None, "purity": 0.9}, "filter-purity-without-gold"),
        ({"top": None, "purity": 1.5, "gold": "correct"}, "select-bad-number"),
        ({"delta": 0.0}, "filter-invalid-delta"),
        ({"cost": "cost"}, "select-budget-without-cost"),
        ({"top": None, "budget": -1, "cost": "cost"}, "select-bad-number"),
        ({"score": ["trust", "other"]}, "filter-no-aggregate"),
        ({"score": ["trust", "other"], "aggregate": "mode"}, "aggregate-unknown-method"),
        ({"score": ["trust", "other"], "aggregate": "mean", "weights": [1]}, "filter-weights-mismatch"),
        ({"score": ["trust", "trust"], "aggregate": "mean"}, "filter-repeated-score"),
        ({"aggregate": "mean"}, "filter-one-score"),
        ({"memory": "1MiB"}, "filter-memory-too-small"),
        ({"memory": "much"}, "filter-invalid-memory"),
        ({"shards": 0, "out": "kept"}, "filter-invalid-shards"),
        ({"shards": 2}, "filter-shards-need-folder"),
        ({"out": "out.txt"}, "table-unknown-ending"),
        ({"out": "kept", "output_format": "xml"}, "table-unknown-format"),
        ({"by": "language", "stratify": "word"}, "select-by-and-stratify"),
        ({"by": ["language", "language"]}, "select-repeated-column"),
        ({"score": None}, "filter-no-score"),
        ({"threads": 0}, "filter-invalid-threads"),
        ({"delimiter": ";;"}, "filter-invalid-delimiter"),
        ({"delimiter": ";"}, "table-unused-delimiter"),
        ({"input_format": "parquet"}, "filter-input-format-of-file"),
        ({"output_format": "jsonl"}, "filter-two-output-formats"),
        ({"input_format": "xml"}, "table-unknown-format"),
        ({"top": None, "purity": 0.9, "gold": "correct", "bound": "exact"}, "certify-unknown-method"),
        ({"top": None, "purity": 0.9, "gold": "correct", "grid": []}, "certify-bad-grid"),
        ({"grid": [0.5]}, "filter-grid-without-purity"),
        ({"score": ["trust", "other"], "aggregate": "weighted-mean"}, "aggregate-missing-weights"),
        (
            {"score": ["trust", "other"], "aggregate": "median", "weights": [1, 2]},
            "aggregate-unused-weights",
        ),
    ],
)
def test_invalid_options_are_refused(
    tmp_path: Path, source: Path, options: dict[str, Any], code: str
) -> None:
    if "out" in options:
        options = options | {"out": tmp_path / options["out"]}
    refused(tmp_path, source, code, **options)


def test_options_are_refused_before_a_file_is_read(tmp_path: Path, source: Path) -> None:
    source.write_bytes(b"")
    for options, code in (
        ({"out": "out.txt"}, "table-unknown-ending"),
        ({"out": "kept", "output_format": "xml"}, "table-unknown-format"),
        ({"top": None, "purity": 0.9, "gold": "correct", "bound": "exact"}, "certify-unknown-method"),
    ):
        given: dict[str, Any] = options  # type: ignore[assignment]
        refused(tmp_path, source, code, **given)


def test_missing_and_unknown_inputs_are_refused(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, tmp_path / "none.parquet", "table-missing-file")
    refused(tmp_path, str(tmp_path / "none*.parquet"), "table-no-match", "none*.parquet matches no file")
    refused(tmp_path, [source, source], "table-repeated-input")
    (tmp_path / "notes.txt").write_text("x")
    refused(tmp_path, tmp_path / "notes.txt", "table-unknown-ending")
    (tmp_path / "x.jsonl").write_text('{"trust": 1}\n')
    refused(tmp_path, [source, tmp_path / "x.jsonl"], "table-mixed-formats", "x.jsonl is jsonl")
    (tmp_path / "x.json").write_text('[{"trust": 1}]')
    refused(tmp_path, tmp_path / "x.json", "table-unknown-ending", "jq -c '.[]' x.json > x.jsonl")
    (tmp_path / "empty").mkdir()
    refused(tmp_path, tmp_path / "empty", "table-no-files", "the folder")


def test_an_unknown_field_of_a_nested_column_is_refused_with_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"meta": {"n": 0.5}, "list": [1]}\n')
    refused(tmp_path, path, "table-unknown-column", "meta is struct<n: double>", score="meta.m")
    refused(tmp_path, path, "table-unknown-column", "list is list<", score="list.m")


@pytest.mark.parametrize("given", [{"trust": [1.0]}, [], [[1.0]], pa.array([1.0]), None, 7])
def test_inputs_that_are_neither_paths_nor_tables_are_refused(tmp_path: Path, given: Any) -> None:
    refused(tmp_path, given, "filter-input-not-table", "__arrow_c_stream__")


def test_an_output_below_a_file_is_refused(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, source, "output-not-writable", out=source / "out.parquet")


def link(path: Path, target: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    return path


def hard_link(path: Path, target: Path) -> Path:
    path.hardlink_to(target)
    return path


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_output_that_is_an_input_is_refused(tmp_path: Path, source: Path, overwrite: bool) -> None:
    before = source.read_bytes()
    outs = [
        source,
        tmp_path / "folder" / ".." / "in.parquet",
        link(tmp_path / "folder" / "link.parquet", source),
        hard_link(tmp_path / "hard.parquet", source),
        tmp_path,
    ]
    for out in outs:
        refused(tmp_path, source, "output-is-input", "in.parquet", out=out, overwrite=overwrite)
    assert source.read_bytes() == before


def test_an_output_that_the_next_run_would_read_is_refused(tmp_path: Path, source: Path) -> None:
    folder = link(tmp_path / "links" / "folder", tmp_path)
    for inputs, out in (
        (tmp_path, tmp_path / "out.parquet"),
        (tmp_path, tmp_path / "deep" / "kept"),
        (folder, tmp_path / "out.parquet"),
        (str(tmp_path / "*.parquet"), tmp_path / "out.parquet"),
        (str(tmp_path / "**" / "i*.parquet"), tmp_path / "a" / "b" / "i.parquet"),
    ):
        refused(tmp_path, inputs, "output-in-input", str(inputs), out=out)
    for number, pattern in enumerate(("i*.parquet", "[!o]*.parquet", "**/i?.parquet")):
        out = tmp_path / f"out{number}.parquet"
        assert w2s.filter(str(tmp_path / pattern), out, score="trust", top=1)["rows_kept"] == 1


@pytest.mark.parametrize(
    "ending", ["out.parquet", "out.arrow", "out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "kept"]
)
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, source: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def opened(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        file = real(path, mode, *more, **options)
        return Full(file) if ".part" in str(path) and "w" in mode and "b" in mode else file

    monkeypatch.setattr(Path, "open", opened)
    table = everything(3000).select(["id", "trust", "text"])
    pq.write_table(table, source)
    refused(
        tmp_path,
        source,
        "output-not-writable",
        "No space left on device",
        out=tmp_path / ending,
        top="100%",
    )


class Full:
    """A file on a disk with room for 2,000 bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = 2_000

    def write(self, data: Any) -> int:
        self._left -= len(bytes(data))
        if self._left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self._file, name)  # type: ignore[no-any-return]

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_nan_cannot_be_written_as_json(tmp_path: Path) -> None:
    path = numbers(tmp_path / "in.parquet", trust=[0.5, 0.6], x=[1.0, float("nan")])
    refused(
        tmp_path,
        path,
        "table-not-a-json-number",
        "nan in column 'x'",
        out=tmp_path / "o.jsonl",
        top="100%",
    )
