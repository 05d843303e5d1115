"""Random Parquet files of all types, encodings, codecs and writers; their kept rows are pyarrow's.

``python -m tests.parity.parquet_tables --cases 3000`` compares many.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.tables.parquet import open_parquet

Values = Callable[[np.random.Generator, int], list[Any]]
OTHERS = ("pandas", "duckdb", "polars")
CODECS = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")


def _integers(low: int, high: int) -> Values:
    return lambda rng, n: [int(value) for value in rng.integers(low, high, n, endpoint=True)]


def _floats(rng: np.random.Generator, n: int) -> list[Any]:
    return [float(np.float16(value)) for value in rng.normal(0, 9, n)]


def _texts(rng: np.random.Generator, n: int) -> list[Any]:
    words = ["", "e4", "é", "Nf3 ", "x" * int(rng.integers(1, 300))]
    return [words[i] + words[j] * k for i, j, k in zip(*rng.integers(0, 5, (3, n)).tolist(), strict=True)]


def _bytes(size: int) -> Values:
    return lambda rng, n: [rng.bytes(size) for _ in range(n)]


def _decimals(digits: int) -> Values:
    def values(rng: np.random.Generator, n: int) -> list[Any]:
        numbers = [int.from_bytes(rng.bytes(16), "big") % 10**digits for _ in range(n)]
        return [Decimal(-number if number % 3 else number).scaleb(-2) for number in numbers]

    return values


_DAYS = _integers(0, 86_399)


def _thousands(rng: np.random.Generator, n: int) -> list[Any]:
    return [1_000 * value for value in _DAYS(rng, n)]


KINDS: tuple[tuple[pa.DataType, Values], ...] = (
    (pa.string(), _texts),
    (pa.large_string(), _texts),
    (pa.string_view(), _texts),
    (pa.binary(), _bytes(9)),
    (pa.large_binary(), _bytes(3)),
    (pa.bool_(), lambda rng, n: (rng.random(n) < rng.random()).tolist()),
    (pa.int8(), _integers(-128, 127)),
    (pa.uint8(), _integers(0, 255)),
    (pa.int16(), _integers(-(2**15), 2**15 - 1)),
    (pa.uint16(), _integers(0, 2**16 - 1)),
    (pa.int32(), _integers(-(2**31), 2**31 - 1)),
    (pa.uint32(), lambda rng, n: [int(value) for value in rng.integers(0, 2**32, n, np.uint64)]),
    (pa.int64(), _integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), lambda rng, n: [int(value) for value in rng.integers(0, 2**64 - 1, n, np.uint64)]),
    (pa.float16(), lambda rng, n: [np.float16(value) for value in rng.normal(0, 9, n)]),
    (pa.float32(), _floats),
    (pa.float64(), _floats),
    (pa.date32(), _integers(-9_999, 9_999)),
    (pa.date64(), lambda rng, n: [86_400_000 * value for value in _integers(-99, 99)(rng, n)]),
    (pa.time32("s"), _DAYS),
    (pa.time32("ms"), _DAYS),
    (pa.time64("us"), _DAYS),
    (pa.time64("ns"), _DAYS),
    *(
        (pa.timestamp(unit, zone), _thousands)
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "Europe/Bern")
    ),
    (pa.duration("ms"), _DAYS),
    (pa.duration("s"), _DAYS),
    (pa.decimal128(5, 2), _decimals(5)),
    (pa.decimal128(16, 2), _decimals(16)),
    (pa.decimal128(38, 2), _decimals(36)),
    (pa.decimal256(60, 2), _decimals(36)),
    (pa.decimal32(7, 2), _decimals(7)),
    (pa.decimal64(15, 2), _decimals(15)),
    (pa.binary(1), _bytes(1)),
    (pa.binary(16), _bytes(16)),
    (pa.null(), lambda _, n: [None] * n),
    (pa.dictionary(pa.int16(), pa.string()), lambda rng, n: [f"v{i}" for i in rng.integers(0, 9, n)]),
    (pa.list_(pa.int32()), lambda rng, n: [[1] * int(i) for i in rng.integers(0, 3, n)]),
    (pa.struct([("a", pa.int32())]), lambda rng, n: [{"a": int(i)} for i in rng.integers(0, 9, n)]),
)
_DELTA_NUMBERS = ("DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "PLAIN")
_SPLIT = ("BYTE_STREAM_SPLIT", "PLAIN")
_DELTA_TEXTS = ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "PLAIN")


def _encodings(kind: pa.DataType) -> tuple[str, ...]:
    """Encodings that pyarrow writes for a type, besides dictionaries."""
    if pa.types.is_boolean(kind):
        return ("RLE", "PLAIN")
    if pa.types.is_fixed_size_binary(kind):
        return ("DELTA_BYTE_ARRAY", *_SPLIT)
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return _SPLIT
    if pa.types.is_integer(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        return _DELTA_NUMBERS
    if pa.types.is_timestamp(kind):  # may have 96 bits
        return ("PLAIN",)
    texts = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary())
    return _DELTA_TEXTS if kind in texts else ()


@dataclass(frozen=True)
class Case:
    """A Parquet file of random values.

    Attributes:
        number: seeds its values.
        writer: pyarrow, pandas, duckdb or polars.
    """

    number: int
    writer: str = "pyarrow"

    def write(self, path: Path) -> None:
        """Write the file."""
        rng = np.random.default_rng(self.number)
        table = _table(rng, int(rng.integers(1, 3_000)))
        writers = {
            "pyarrow": _with_pyarrow,
            "pandas": _with_pandas,
            "duckdb": _with_duckdb,
            "polars": _with_polars,
        }
        writers[self.writer](table, path, rng)


def _table(rng: np.random.Generator, rows: int) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    fields = []
    for place in rng.choice(len(KINDS), int(rng.integers(1, 9)), replace=False).tolist():
        kind, values = KINDS[place]
        name = f"c{place}"
        nulls = float(rng.choice([0, 0, 0.01, 0.5, 1]))
        missing = (rng.random(rows) < nulls).tolist()
        given = [None if gone else value for gone, value in zip(missing, values(rng, rows), strict=True)]
        if rng.random() < 0.3:
            given = (given[: max(1, rows // 50)] * rows)[:rows]
        columns[name] = pa.array(given, kind)
        nullable = columns[name].null_count > 0 or bool(rng.random() < 0.8)
        fields.append(pa.field(name, kind, nullable))
    return pa.table(columns, schema=pa.schema(fields))


def _with_pyarrow(table: pa.Table, path: Path, rng: np.random.Generator) -> None:
    encodings = {}
    for field in table.schema:
        found = _encodings(field.type)
        if found and rng.random() < 0.6:
            encodings[field.name] = str(rng.choice(found))
    plain = [field.name for field in table.schema if field.name not in encodings and rng.random() < 0.6]
    names = [name for name in plain if not pa.types.is_nested(table.schema.field(name).type)]
    store_schema = bool(rng.random() < 0.7)
    pq.write_table(
        table,
        path,
        compression=str(rng.choice(CODECS)),
        column_encoding=encodings or None,
        use_dictionary=names,
        data_page_version=str(rng.choice(["1.0", "2.0"])),
        dictionary_pagesize_limit=int(rng.choice([20, 1 << 20])),
        data_page_size=int(rng.choice([16, 200, 1 << 20])),
        write_batch_size=int(rng.choice([1, 10, 1_000])),
        row_group_size=int(rng.choice([30, 1_000, 5_000])),
        store_schema=store_schema,
        version=str(rng.choice(["1.0", "2.4", "2.6"])),
        write_page_checksum=bool(rng.random() < 0.5),
        use_deprecated_int96_timestamps=not store_schema and bool(rng.random() < 0.3),
        store_decimal_as_integer=bool(rng.random() < 0.5),
    )


def _simple(table: pa.Table) -> pa.Table:
    """The columns that every library has a type for."""
    kinds = (pa.string(), pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.date32())
    kept = [field.name for field in table.schema if field.type in kinds]
    return table.select(kept) if kept else pa.table({"x": np.arange(len(table))})


def _with_pandas(table: pa.Table, path: Path, rng: np.random.Generator) -> None:
    frame = _simple(table).to_pandas()
    frame.to_parquet(path, compression=str(rng.choice(["snappy", "gzip", "zstd"])), row_group_size=700)


def _with_duckdb(table: pa.Table, path: Path, rng: np.random.Generator) -> None:
    import duckdb

    rows = _simple(table)
    codec, version = (
        rng.choice(["snappy", "gzip", "zstd", "lz4_raw", "uncompressed"]),
        rng.choice(["V1", "V2"]),
    )
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        connection.execute(
            f"COPY rows TO '{path}' (FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, "
            "ROW_GROUP_SIZE 2048)"
        )


def _with_polars(table: pa.Table, path: Path, rng: np.random.Generator) -> None:
    import polars

    codec = str(rng.choice(["snappy", "gzip", "zstd", "lz4", "uncompressed"]))
    polars.from_arrow(_simple(table)).write_parquet(path, compression=codec, row_group_size=900)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a dictionary, whose chunks may order them otherwise."""
    if not pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type)


def compare(case: Case, path: Path) -> int:
    """Compare random kept rows with those that pyarrow reads; returns how many columns the core read.

    Raises:
        AssertionError: they differ.
    """
    case.write(path)
    rng = np.random.default_rng(case.number + 1)
    schema, partitions, _ = open_parquet(path)
    read = 0
    with pq.ParquetFile(path) as file:
        for partition in partitions:
            mask = rng.random(partition.rows) < rng.choice([0.01, 0.3, 1])
            mask[: int(rng.integers(0, partition.rows + 1))] = False
            try:
                whole = file.read_row_group(partition.group).cast(schema)
            except OSError:  # pyarrow cannot read some empty pages of DuckDB
                continue
            expected = whole.filter(pa.array(mask))
            found = list(partition.masked_rows(mask, int(rng.choice([1, 10_000, 1 << 30]))))
            table = pa.concat_tables(found) if found else schema.empty_table()
            table.validate(full=True)
            table = table.cast(schema)
            for name in schema.names:
                assert _plain(table.column(name)).equals(_plain(expected.column(name))), (
                    f"{case}, column {name}"
                )
            read += len(partition.flat)
    return read


def main() -> int:
    """Compare many files; 1 if one differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity.parquet_tables", description=__doc__)
    parser.add_argument("--cases", type=int, default=3_000, help="number of files of pyarrow")
    parser.add_argument("--begin", type=int, default=0, help="number of the first case")
    given = parser.parse_args()
    failures = read = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.begin, given.begin + given.cases):
            others = [] if number % 10 else [name for name in OTHERS if importlib.util.find_spec(name)]
            writers = ["pyarrow", *others]
            for writer in writers:
                try:
                    read += compare(Case(number, writer), Path(folder) / "in.parquet")
                except Exception as error:  # noqa: BLE001 - counted and printed
                    failures += 1
                    print(f"FAILED {number} {writer}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"{given.cases} files, {read} column chunks read by the core, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
