"""Texts read page by page are those that Arrow reads, whoever wrote the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.tables.parquet import open_parquet
from w2s.tables.parquet_strings import StringReader

KINDS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]


def check(path: Path, masks: list[np.ndarray], step: int = 7) -> int:
    """Compare every column of texts with Arrow's; returns how many were read by their pages."""
    read = 0
    _, partitions, _ = open_parquet(path)
    for partition, mask in zip(partitions, masks, strict=True):
        table = pq.ParquetFile(path).read_row_group(partition.group)
        for chunk in partition.texts:
            with path.open("rb", buffering=0) as file:
                reader = StringReader(file, chunk, mask, partition.where)
                count = int(mask.sum())
                parts = [reader.take(min(step, count - at)) for at in range(0, count, step)]
            found = pa.chunked_array([part for chunked in parts for part in chunked.chunks], chunk.kind)
            found.validate(full=True)
            assert found.equals(table.column(chunk.name).filter(pa.array(mask)))
            read += 1
    return read


@pytest.mark.slow
@given(
    texts=st.lists(st.none() | st.text(max_size=30), min_size=1, max_size=200),
    seed=st.integers(0, 99),
    kind=st.sampled_from(KINDS),
    options=st.fixed_dictionaries(
        {
            "compression": st.sampled_from(["none", "snappy", "zstd", "gzip", "brotli", "lz4"]),
            "data_page_version": st.sampled_from(["1.0", "2.0"]),
            "use_dictionary": st.booleans(),
            "dictionary_pagesize_limit": st.sampled_from([20, 1 << 20]),
            "data_page_size": st.sampled_from([16, 200, 1 << 20]),
            "write_batch_size": st.sampled_from([1, 10, 1000]),
            "row_group_size": st.sampled_from([30, 1000]),
        }
    ),
)
def test_kept_texts_equal_those_that_arrow_reads(
    texts: list[str | None],
    seed: int,
    kind: pa.DataType,
    options: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("pages") / "in.parquet"
    values = [
        text if text is None or pa.types.is_large_string(kind) or kind == pa.string() else text.encode()
        for text in texts
    ]
    pq.write_table(pa.table({"x": pa.array(values, kind)}), path, **options)
    rng = np.random.default_rng(seed)
    _, partitions, _ = open_parquet(path)
    masks = [rng.random(partition.rows) < rng.choice([0.02, 0.3, 1]) for partition in partitions]
    assert check(path, masks) == len(partitions)


def test_a_column_that_cannot_be_null_has_no_levels(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("x", pa.string(), nullable=False)])
    pq.write_table(pa.table({"x": [f"text {i}" for i in range(99)]}, schema=schema), tmp_path / "in.parquet")
    assert check(tmp_path / "in.parquet", [np.arange(99) % 3 == 0]) == 1


@pytest.mark.parametrize("writer", ["duckdb", "polars"])
def test_files_of_other_writers(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "in.parquet"
    rows = pa.table(
        {"x": [None if i % 9 == 4 else f"text {i} " * (i % 30) for i in range(5_000)], "y": ["a", "b"] * 2500}
    )
    library = pytest.importorskip(writer)
    if writer == "duckdb":
        library.sql("SELECT * FROM rows").write_parquet(str(path), row_group_size=2048)
    else:
        library.from_arrow(rows).write_parquet(path, row_group_size=2048)
    _, partitions, _ = open_parquet(path)
    rng = np.random.default_rng(5)
    assert check(path, [rng.random(partition.rows) < 0.2 for partition in partitions], step=100) > 0


def test_nested_texts_are_left_to_arrow(tmp_path: Path) -> None:
    table = pa.table({"a": [["x"]], "b": [{"c": "x"}], "d": pa.array(["x"]).dictionary_encode(), "e": ["x"]})
    pq.write_table(table, tmp_path / "in.parquet")
    _, [partition], _ = open_parquet(tmp_path / "in.parquet")
    assert [chunk.name for chunk in partition.texts] == ["e"]
