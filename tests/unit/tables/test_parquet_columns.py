"""Which columns the core reads, which are left to Arrow, and what it says of damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.tables.parquet import open_parquet


def read(path: Path, mask: np.ndarray, batch_bytes: int = 1 << 20) -> pa.Table:
    _, [partition], _ = open_parquet(path)
    return pa.concat_tables(partition.masked_rows(mask, batch_bytes))


def flat(path: Path) -> list[str]:
    _, [partition], _ = open_parquet(path)
    return [column.name for column, _ in partition.flat]


def test_a_column_that_cannot_be_null_has_no_levels(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("x", pa.string(), nullable=False)])
    table = pa.table({"x": [f"text {i}" for i in range(99)]}, schema=schema)
    pq.write_table(table, tmp_path / "in.parquet")
    mask = np.arange(99) % 3 == 0
    assert read(tmp_path / "in.parquet", mask).column("x").equals(table.filter(pa.array(mask)).column("x"))


def test_nested_columns_and_unknown_types_are_left_to_arrow(tmp_path: Path) -> None:
    table = pa.table(
        {
            "list": [["x"]],
            "struct": [{"c": "x"}],
            "dictionary": pa.array(["x"]).dictionary_encode(),
            "text": ["x"],
            "null": pa.nulls(1),
            "number": [1],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    assert flat(tmp_path / "in.parquet") == ["text", "number"]
    assert read(tmp_path / "in.parquet", np.ones(1, bool)).num_rows == 1


@pytest.mark.parametrize(
    ("codec", "known"), [("zstd", True), ("gzip", True), ("lz4", True), ("brotli", False)]
)
def test_codecs_that_the_core_lacks_are_left_to_arrow(tmp_path: Path, codec: str, known: bool) -> None:
    table = pa.table({"x": [f"text {i}" for i in range(500)]})
    pq.write_table(table, tmp_path / "in.parquet", compression=codec)
    assert bool(flat(tmp_path / "in.parquet")) == known
    mask = np.arange(500) % 7 == 1
    assert read(tmp_path / "in.parquet", mask).column("x").equals(table.filter(pa.array(mask)).column("x"))


def test_kept_rows_come_in_batches_of_the_memory(tmp_path: Path) -> None:
    table = pa.table({"x": ["x" * 1_000] * 5_000})
    pq.write_table(table, tmp_path / "in.parquet", use_dictionary=False)
    _, [partition], _ = open_parquet(tmp_path / "in.parquet")
    mask = np.arange(5_000) % 2 == 0
    parts = list(partition.masked_rows(mask, 100_000))
    assert sum(part.num_rows for part in parts) == 2_500
    assert max(part.nbytes for part in parts) <= 110_000


@pytest.mark.parametrize("options", [{}, {"compression": "zstd"}, {"use_dictionary": False}])
def test_a_page_that_is_not_needed_is_not_read(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "in.parquet"
    table = pa.table({"x": [f"text {i}" for i in range(20_000)]})
    pq.write_table(
        table, path, **{"compression": "none", "use_dictionary": False} | options, data_page_size=4_096
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9] = b"\xff" * 9  # in the middle of a page
    path.write_bytes(data)
    mask = np.zeros(20_000, bool)
    mask[:100] = True
    assert read(path, mask).column("x").to_pylist() == table.column("x").to_pylist()[:100]


def test_damage_names_the_row_group_and_the_column(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"it's": np.arange(9)}), path, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    header = data.index(b"\x15\x00\x15")  # of the page: its size, decompressed, comes next
    data[header + 3] ^= 4
    path.write_bytes(data)
    with raises_code("table-damaged") as caught:
        read(path, np.ones(9, bool))
    assert f'cannot read {path}, row group 0, column "it\'s": ' in str(caught.value)
    assert str(caught.value).endswith("; the file is damaged")
