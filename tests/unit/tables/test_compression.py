"""The output is compressed as requested, and what a format cannot do is refused before anything is read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import best
from w2s.errors import UsageError


@pytest.fixture(scope="module")
def source(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compression") / "in.parquet"
    pq.write_table(table, path, row_group_size=700)
    return path


def keep(source: Path, out: Path, compression: str | None, **options: Any) -> dict[str, Any]:
    summary: dict[str, Any] = w2s.filter(
        source, out, score="trust", top=300, compression=compression, **options
    )
    return summary


@pytest.mark.parametrize(
    "codec", ["none", "snappy", "gzip", "gzip:9", "lz4", "brotli:5", "zstd", "zstd:12", "ZSTD:1"]
)
def test_parquet(table: pa.Table, source: Path, tmp_path: Path, codec: str) -> None:
    keep(source, tmp_path / "out.parquet", codec)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.equals(pq.read_table(source).take(best(table["trust"].to_numpy(), 300)))
    group = pq.ParquetFile(tmp_path / "out.parquet").metadata.row_group(0)
    used = {group.column(i).compression for i in range(group.num_columns)}
    name = codec.partition(":")[0].upper()
    assert used == {"UNCOMPRESSED" if name == "NONE" else name}


def test_a_higher_level_is_smaller(source: Path, tmp_path: Path) -> None:
    for ending, codec in (
        ("parquet", "zstd"),
        ("arrow", "zstd"),
        ("jsonl.zst", "zstd"),
        ("jsonl.gz", "gzip"),
    ):
        sizes = []
        for level in (1, 9):
            out = tmp_path / f"{level}.{ending}"
            w2s.filter(source, out, score="trust", top="100%", compression=f"{codec}:{level}")
            sizes.append(out.stat().st_size)
        assert sizes[1] < sizes[0], ending


@pytest.mark.parametrize("ending", ["arrow", "arrows"])
def test_arrow(source: Path, tmp_path: Path, ending: str) -> None:
    sizes = {}
    for codec in ("none", "lz4", "zstd:9"):
        out = tmp_path / f"{codec[:3]}.{ending}"
        keep(source, out, codec)
        sizes[codec] = out.stat().st_size
        kept = w2s.filter(out, random="100%").read_all()
        assert (
            kept["id"].to_pylist() == w2s.filter(source, score="trust", top=300).read_all()["id"].to_pylist()
        )
    assert sizes["zstd:9"] < sizes["lz4"] < sizes["none"]


def test_text_whose_ending_names_the_codec(source: Path, tmp_path: Path) -> None:
    keep(source, tmp_path / "a.jsonl.gz", "gzip:1")
    keep(source, tmp_path / "b.jsonl", "none")
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == (tmp_path / "b.jsonl").read_bytes()


def test_a_folder_takes_the_codec_into_its_endings(source: Path, tmp_path: Path) -> None:
    keep(source, tmp_path / "out", "gzip:3", output_format="jsonl", shards=2)
    assert sorted(path.name for path in (tmp_path / "out").glob("part*")) == [
        "part-00000.jsonl.gz",
        "part-00001.jsonl.gz",
    ]
    parts = sorted((tmp_path / "out").glob("part*"))
    assert sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in parts) == 300


def test_another_codec_is_another_output(source: Path, tmp_path: Path) -> None:
    keep(source, tmp_path / "out.parquet", "zstd:3")
    assert keep(source, tmp_path / "out.parquet", "zstd:3")["done_before"]
    with raises_code("output-exists", UsageError):
        keep(source, tmp_path / "out.parquet", "zstd:4")


@pytest.mark.parametrize(
    ("compression", "out", "options", "code", "named"),
    [
        ("zst", "o.parquet", {}, "filter-invalid-compression", "did you mean zstd"),
        ("zstd:", "o.parquet", {}, "filter-invalid-compression", "such as zstd:3"),
        ("zstd:x", "o.parquet", {}, "filter-invalid-compression", "such as zstd:3"),
        ("", "o.parquet", {}, "filter-invalid-compression", "such as zstd:3"),
        ("zstd:99", "o.parquet", {}, "filter-invalid-compression", "to 22"),
        ("gzip:0", "o.parquet", {}, "filter-invalid-compression", "from 1 to 9"),
        ("snappy:1", "o.parquet", {}, "filter-invalid-compression", "no levels"),
        ("none:1", "o.parquet", {}, "filter-invalid-compression", "no levels"),
        ("snappy", "o.arrow", {}, "filter-compression-mismatch", "none, lz4, zstd"),
        ("gzip", "o.arrow", {}, "filter-compression-mismatch", "none, lz4, zstd"),
        ("lz4", "o.jsonl", {}, "filter-compression-mismatch", "none, gzip, zstd"),
        ("zstd", "o.jsonl", {}, "filter-compression-mismatch", ".jsonl.zst"),
        ("zstd", "o.csv.gz", {}, "filter-compression-mismatch", ".csv.zst"),
        ("none", "o.tsv.gz", {}, "filter-compression-mismatch", ".tsv"),
        ("zstd", "folder", {"output_format": "jsonl.gz"}, "filter-compression-mismatch", "jsonl.gz"),
        ("brotli", "folder", {"output_format": "csv"}, "filter-compression-mismatch", "none, gzip, zstd"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, compression: str, out: str, options: dict[str, Any], code: str, named: str
) -> None:
    with raises_code(code, UsageError) as caught:
        keep(tmp_path / "no-such-file.parquet", tmp_path / out, compression, **options)
    assert named in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_has_no_compression(table: pa.Table) -> None:
    with raises_code("filter-no-output", UsageError):
        w2s.filter(table, score="trust", top=1, compression="zstd")


def test_a_folder_whose_input_decides_the_format(source: Path, tmp_path: Path) -> None:
    w2s.filter(source, tmp_path / "in.jsonl", score="trust", top="100%")
    with raises_code("filter-compression-mismatch", UsageError):
        keep(tmp_path / "in.jsonl", tmp_path / "out", "snappy")
    keep(tmp_path / "in.jsonl", tmp_path / "out", "zstd")
    assert [path.name for path in (tmp_path / "out").glob("part*")] == ["part-00000.jsonl.zst"]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
@pytest.mark.parametrize("rows", [0, 10, 60_000])
def test_zstd_with_a_level_is_read_back(tmp_path: Path, ending: str, rows: int) -> None:
    table = pa.table(
        {"id": range(rows), "trust": [0.5] * rows, "text": [f"text {i} " * 15 for i in range(rows)]}
    )
    out = tmp_path / f"out.{ending}.zst"
    w2s.filter(table, out, score="trust", top="100%", compression="zstd:2")
    w2s.filter(table, tmp_path / f"plain.{ending}", score="trust", top="100%")
    with pa.input_stream(str(out), compression="zstd") as stream:
        assert stream.read() == (tmp_path / f"plain.{ending}").read_bytes()
    if rows:
        found = w2s.filter(out, score="trust", top="100%").read_all()
        assert found["id"].to_pylist() == list(range(rows))
