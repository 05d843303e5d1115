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
from tests.unit.tables.conftest import everything
from w2s.errors import DataError, UsageError, W2sError


def refused(folder: Path, inputs: Any, kind: type[W2sError], match: str, **options: Any) -> None:
    given = {"score": "trust", "top": "10%"} | options
    out = given.pop("out", folder / "out.parquet")
    before = sorted(folder.rglob("*"))
    with pytest.raises(kind, match=match) as caught:
        w2s.filter(inputs, out, **given)
    assert len(str(caught.value).splitlines()) == 1
    assert type(caught.value) is kind
    assert sorted(folder.rglob("*")) == before


@pytest.fixture
def source(tmp_path: Path, table: pa.Table) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, row_group_size=700)
    return path


@pytest.mark.parametrize("keep", [0, 1, 100, -1, -30, -2_000])
def test_a_truncated_parquet_file(tmp_path: Path, source: Path, keep: int) -> None:
    whole = source.read_bytes()
    source.write_bytes(whole[:keep])
    refused(tmp_path, source, DataError, r"cannot read .*in\.parquet: .*is it a whole Parquet file")


def test_a_parquet_file_whose_pages_are_damaged(tmp_path: Path) -> None:
    table = pa.table({"trust": [i / 1000 for i in range(1000)], "text": [f"{i} " * 20 for i in range(1000)]})
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, use_dictionary=False, compression="zstd")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    whole = bytearray(path.read_bytes())
    for at in range(chunk.data_page_offset + 60, chunk.data_page_offset + 200):
        whole[at] ^= 0xFF
    path.write_bytes(whole)
    refused(tmp_path, path, DataError, r"cannot read .*row group 0, column 'text'.*damaged")


@pytest.mark.parametrize(
    "name", ["in.arrow", "in.csv", "in.jsonl", "in.jsonl.gz", "in.jsonl.zst", "in.parquet"]
)
def test_a_file_without_a_byte(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    refused(tmp_path, tmp_path / name, DataError, name)


@pytest.mark.parametrize("name", ["in.arrow", "in.jsonl", "in.jsonl.gz", "in.jsonl.zst", "in.parquet"])
def test_a_file_of_something_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01rubbish that means nothing\n" * 50)
    refused(tmp_path, tmp_path / name, DataError, name)


def test_a_truncated_wrapping(tmp_path: Path) -> None:
    import gzip

    text = "".join(
        json.dumps({"trust": i / 9999, "x": os.urandom(20).hex()}) + "\n" for i in range(9_999)
    ).encode()
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(text)[:-5000])
    refused(tmp_path, tmp_path / "in.jsonl.gz", DataError, r"in\.jsonl\.gz")


def test_lines_that_are_no_objects_or_two(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"trust": 1}\n[1]\n')
    refused(tmp_path, path, DataError, "one JSON object")
    path.write_text('{"trust": 1} {"trust": 2}\n')
    refused(tmp_path, path, DataError, "1 lines hold 2 objects")
    path.write_text('{"trust": 1}\n{"trust": "high"}\n')
    refused(tmp_path, path, DataError, "trust")


def test_schemas_that_differ_between_files(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"trust": [1.0], "x": [1]}), folder / "a.parquet")
    pq.write_table(pa.table({"trust": [1.0], "x": ["1"]}), folder / "b.parquet")
    refused(tmp_path, folder, DataError, "column 'x' is int64 in the one and string in the other")
    pq.write_table(pa.table({"trust": [1.0]}), folder / "b.parquet")
    refused(tmp_path, folder, DataError, r"b\.parquet lacks column 'x'")
    pq.write_table(pa.table({"x": [1], "trust": [1.0]}), folder / "b.parquet")
    refused(tmp_path, folder, DataError, "stands elsewhere")


def test_columns_that_are_not_there_or_of_another_type(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, source, UsageError, "no column 'trst': did you mean trust", score="trst")
    refused(
        tmp_path, source, UsageError, "no column 'zzzzzz': there are id, trust, .* and 7 more", by="zzzzzz"
    )
    refused(tmp_path, source, DataError, "'text'.*not a type of numbers", score="text")
    refused(tmp_path, source, DataError, "meta.*cannot be compared", by="meta")
    refused(tmp_path, source, DataError, "row 0: trust is .*gold is true, false or null", gold="trust")


def numbers(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path


def test_values_that_cannot_be_used_are_named_by_their_row(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    trust = [0.5] * 10
    numbers(path, trust=[*trust[:9], float("nan")])
    refused(tmp_path, path, DataError, "row group 2, row 1: trust is NaN")
    numbers(path, trust=[*trust[:6], None, None])
    refused(tmp_path, path, DataError, "row group 1, row 2: trust is null.*nulls drop")
    numbers(path, trust=trust, cost=[1.0] * 9 + [-2.0])
    refused(
        tmp_path, path, DataError, "row group 2, row 1: cost is -2; a cost", top=None, budget=5, cost="cost"
    )
    numbers(path, trust=trust, cost=[1.0] * 9 + [float("inf")])
    refused(tmp_path, path, DataError, "cost is inf", top=None, budget=5, cost="cost")
    numbers(path, trust=trust, correct=[None] * 10)
    refused(tmp_path, path, DataError, "no answer is known", top=None, purity=0.9, gold="correct")


def test_ids_that_repeat(tmp_path: Path) -> None:
    path = numbers(tmp_path / "in.parquet", trust=[0.5] * 6, id=["a", "b", "c", "d", "b", "b"])
    refused(tmp_path, path, DataError, "id 'b' stands in 3 rows, and 1 ids repeat", key="id")
    numbers(path, trust=[0.5] * 2, id=["a", "b"])
    assert w2s.filter(path, tmp_path / "out.parquet", score="trust", top=1, key="id")["rows_kept"] == 1


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"top": None}, "exactly one of"),
        ({"threshold": 0.5}, "exactly one of"),
        ({"top": "101%"}, "at most 100%"),
        ({"top": "ten"}, "give a count"),
        ({"top": None, "purity": 0.9}, "known answers"),
        ({"top": None, "purity": 1.5, "gold": "correct"}, "between 0 and 1"),
        ({"delta": 0.0}, "delta is 0"),
        ({"cost": "cost"}, "needs a budget"),
        ({"top": None, "budget": -1, "cost": "cost"}, "budget is -1"),
        ({"score": ["trust", "other"]}, "need an aggregate"),
        ({"score": ["trust", "other"], "aggregate": "mode"}, "no aggregation is called 'mode'"),
        ({"score": ["trust", "other"], "aggregate": "mean", "weights": [1]}, "1 weights for 2"),
        ({"score": ["trust", "trust"], "aggregate": "mean"}, "named twice"),
        ({"aggregate": "mean"}, "several score columns"),
        ({"memory": "1MiB"}, "at least 320MiB"),
        ({"memory": "much"}, "give a size such as 512MiB"),
        ({"shards": 0, "out": "kept"}, "number from 1"),
        ({"shards": 2}, "shards are files of a folder"),
        ({"out": "out.txt"}, "no ending that means a format"),
        ({"out": "out.csv"}, "CSV is only read"),
        ({"out": "kept", "format": "xml"}, "no format is called 'xml'"),
        ({"by": "language", "stratify": "word"}, "give one of them"),
    ],
)
def test_options_that_make_no_sense(
    tmp_path: Path, source: Path, options: dict[str, Any], match: str
) -> None:
    if "out" in options:
        options = options | {"out": tmp_path / options["out"]}
    refused(tmp_path, source, UsageError, match, **options)


def test_inputs_that_are_not_there(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, tmp_path / "none.parquet", DataError, "there is no file")
    refused(tmp_path, str(tmp_path / "none*.parquet"), DataError, "holds no table")
    refused(tmp_path, [source, source], UsageError, "named twice")
    (tmp_path / "notes.txt").write_text("x")
    refused(tmp_path, tmp_path / "notes.txt", UsageError, "ending means no format")
    (tmp_path / "x.jsonl").write_text('{"trust": 1}\n')
    refused(tmp_path, [source, tmp_path / "x.jsonl"], UsageError, "several formats, jsonl, parquet")


def test_an_output_in_a_folder_that_is_none(tmp_path: Path, source: Path) -> None:
    refused(tmp_path, source, W2sError, "cannot write.*choose another place", out=source / "out.parquet")
    refused(tmp_path, source, W2sError, "cannot write", out=tmp_path / "no" / "out.parquet")


@pytest.mark.parametrize(
    "ending", ["out.parquet", "out.arrow", "out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "kept"]
)
def test_a_disk_that_fills_up(
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
        W2sError,
        "cannot write .*No space left on device.*free space",
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


def test_numbers_that_json_has_not(tmp_path: Path) -> None:
    path = numbers(tmp_path / "in.parquet", trust=[0.5, 0.6], x=[1.0, float("nan")])
    refused(
        tmp_path,
        path,
        DataError,
        "nan in column 'x' is not a number in JSON",
        out=tmp_path / "o.jsonl",
        top="100%",
    )
