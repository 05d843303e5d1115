"""Formats of tables: Parquet, Arrow, JSON Lines and CSV, and how their rows are checked."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

import w2s
from tests.faults.damage.format import DamagedFormat, Region, SilentDifferenceError

ROWS = 400
KEPT = 250
GROUP_ROWS = 150
_MEMORY = "320MiB"
_CODECS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")


@cache
def small_table() -> pa.Table:
    """Numbers, texts with and without a dictionary, nulls, a nested column."""
    random = np.random.default_rng(3)
    texts = [f"question {i} {'xyz ' * (i % 7)}" if i % 11 else None for i in range(ROWS)]
    return pa.table(
        {
            "s": random.random(ROWS),
            "n": pa.array([i if i % 13 else None for i in range(ROWS)], pa.int64()),
            "plain": pa.array([f"answer {i * i}" for i in range(ROWS)]),
            "text": pa.array(texts),
            "word": pa.array([("red", "green", "blue")[i % 3] for i in range(ROWS)]),
            "flag": pa.array([i % 5 == 0 for i in range(ROWS)]),
            "list": pa.array([[i, None] if i % 4 else None for i in range(ROWS)], pa.list_(pa.int32())),
            "bin": pa.array([bytes([i % 256]) * (i % 9) for i in range(ROWS)], pa.binary()),
        }
    )


# Rows -------------------------------------------------------------------------------------------------------


def best_rows(table: pa.Table) -> pa.Table:
    """The rows that ``top`` keeps, found independently."""
    scores = table.column("s").to_numpy().astype(float)
    if table.column("s").null_count or np.isnan(scores).any():
        raise ValueError("a score is null or NaN")
    return table.take(np.sort(np.argsort(-scores, kind="stable")[:KEPT]))


def same_rows(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables have the same columns, types and values; NaN equals NaN."""
    if one.schema.names != other.schema.names or one.schema.types != other.schema.types:
        return False
    if one.num_rows != other.num_rows:
        return False
    return one.equals(other) or all(map(_same_column, one.columns, other.columns))


def _same_column(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if one.equals(other):
        return True
    if pa.types.is_string(one.type):
        one, other = one.cast(pa.binary()), other.cast(pa.binary())
    return repr(one.to_pylist()) == repr(other.to_pylist())


def check_table(read: Callable[[Path], pa.Table], path: Path) -> str:
    """Filter a damaged table; its rows must be those of a reading by pyarrow, or of the whole file."""
    out = path.with_name(f"out{path.suffix}")
    w2s.filter(path, out, score="s", top=KEPT, memory=_MEMORY, overwrite=True)
    try:
        found = read(out)
    except (OSError, pa.ArrowException) as error:
        raise SilentDifferenceError(f"the output cannot be read: {error}"[:200]) from None
    if same_rows(found, best_rows(small_table())):
        return "whole"  # what is damaged was not read, or does not matter
    try:
        table = read(path)
        expected = best_rows(table)
    except Exception as error:  # noqa: BLE001 - whatever the other reader raises
        raise SilentDifferenceError(f"pyarrow refuses the file: {error}"[:200]) from None
    if not same_rows(found, expected):
        raise SilentDifferenceError("other rows than pyarrow reads")
    return "same"


# Parquet ----------------------------------------------------------------------------------------------------


def _write_parquet(codec: str, page: str, encoding: str, checksum: bool, path: Path) -> None:
    options: dict[str, Any] = {"use_dictionary": encoding == "dictionary"}
    if encoding == "delta":
        options["column_encoding"] = {
            "n": "DELTA_BINARY_PACKED",
            "plain": "DELTA_BYTE_ARRAY",
            "text": "DELTA_LENGTH_BYTE_ARRAY",
            "s": "BYTE_STREAM_SPLIT",
        }
    pq.write_table(
        small_table(),
        path,
        row_group_size=GROUP_ROWS,
        compression=codec,
        data_page_version=page,
        data_page_size=600,
        write_batch_size=40,
        write_page_checksum=checksum,
        **options,
    )


def _parquet_regions(data: bytes) -> Sequence[Region]:
    """The footer."""
    size = struct.unpack("<I", data[-8:-4])[0]
    return [(max(0, len(data) - 8 - size), len(data))]


def _parquet_formats() -> Iterator[DamagedFormat]:
    check = partial(check_table, pq.read_table)
    for codec, page, encoding in product(_CODECS, ("1.0", "2.0"), ("dictionary", "delta", "plain")):
        checksum = encoding == "plain" and codec in {"none", "zstd"}
        name = f"parquet-{codec}-v{page[0]}-{encoding}{'-checksum' if checksum else ''}"
        write = partial(_write_parquet, codec, page, encoding, checksum)
        yield DamagedFormat(name, "parquet", "in.parquet", write, check, _parquet_regions)


# Arrow ------------------------------------------------------------------------------------------------------


def _write_arrow(stream: bool, codec: str | None, path: Path) -> None:
    table = small_table()
    table = table.set_column(4, "word", table.column("word").dictionary_encode())
    options = pa.ipc.IpcWriteOptions(compression=codec)
    opener = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opener(path, table.schema, options=options) as writer:
        writer.write_table(table.unify_dictionaries(), max_chunksize=GROUP_ROWS)


def _read_arrow(path: Path) -> pa.Table:
    with path.open("rb") as file:
        stream = file.read(6) != b"ARROW1"
    with pa.OSFile(str(path)) as source:
        table = (pa.ipc.open_stream if stream else pa.ipc.open_file)(source).read_all()
    table.validate(full=True)
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):  # its name may be damaged
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def _arrow_regions(data: bytes) -> Sequence[Region]:
    """The schema, the metadata of each message, and the footer."""
    found = [(0, min(400, len(data))), (max(0, len(data) - 900), len(data))]
    at = 0
    while (at := data.find(b"\xff\xff\xff\xff", at)) >= 0:
        found.append((at, min(at + 500, len(data))))
        at += 4
    return found


def _arrow_formats() -> Iterator[DamagedFormat]:
    check = partial(check_table, _read_arrow)
    for stream, codec in product((False, True), (None, "lz4", "zstd")):
        name = f"arrow-{'stream' if stream else 'file'}-{codec or 'none'}"
        ending = "arrows" if stream else "arrow"
        write = partial(_write_arrow, stream, codec)
        yield DamagedFormat(name, "arrow", f"in.{ending}", write, check, _arrow_regions)


# JSON Lines -------------------------------------------------------------------------------------------------


def _lines() -> bytes:
    rows = small_table().drop_columns(["bin"]).to_pylist()
    texts = [json.dumps(row, separators=(",", ":")) for row in rows]
    return ("\n".join(texts) + "\n").encode()


def _compress(data: bytes, ending: str) -> bytes:
    if ending == ".gz":
        return gzip.compress(data, 6, mtime=0)
    return pa.compress(data, "zstd", asbytes=True) if ending == ".zst" else data


def _write_lines(ending: str, path: Path) -> None:
    path.write_bytes(_compress(_lines(), ending))


def _read_lines(path: Path) -> list[bytes]:
    codec = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.input_stream(str(path), compression=codec) as stream:
        data = stream.read().removeprefix(b"\xef\xbb\xbf")
    return [line + b"\n" for line in data.split(b"\n") if line.strip(b" \t\r")]


def _score(line: bytes) -> float:
    row = json.loads(line.decode("utf-8", "surrogateescape"))
    if not isinstance(row, dict) or row.get("s") is None:
        raise ValueError("a line is no object with a score")
    return float(row["s"])


def _best_lines(lines: Sequence[bytes]) -> list[bytes]:
    scores = np.array([_score(line) for line in lines])
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
    return [lines[i] for i in np.sort(np.argsort(-scores, kind="stable")[:KEPT])]


def check_lines(path: Path) -> str:
    """Filter damaged lines; the kept ones must be those that Python's parser and a sort find."""
    out = path.with_name(f"out{''.join(path.suffixes)}")
    w2s.filter(path, out, score="s", top=KEPT, memory=_MEMORY, overwrite=True)
    found = _read_lines(out)
    try:
        expected = _best_lines(_read_lines(path))
    except Exception as error:  # noqa: BLE001 - whatever the other reader raises
        raise SilentDifferenceError(f"no line-wise reading: {error}"[:200]) from None
    if found != expected:
        raise SilentDifferenceError("other lines than Python's parser and a sort find")
    return "same"


def _lines_formats() -> Iterator[DamagedFormat]:
    for ending in ("", ".gz", ".zst"):
        name = f"jsonl{ending.replace('.', '-')}"
        yield DamagedFormat(name, "jsonl", f"in.jsonl{ending}", partial(_write_lines, ending), check_lines)


# CSV --------------------------------------------------------------------------------------------------------


def _write_csv(ending: str, path: Path) -> None:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(small_table().drop_columns(["list", "bin"]), sink)
    path.write_bytes(_compress(sink.getvalue().to_pybytes(), ending))


def _read_csv(path: Path) -> pa.Table:
    if path.name.startswith("out"):
        return pq.read_table(path)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with pa.input_stream(str(path), compression={".gz": "gzip"}.get(path.suffix)) as stream:
        return pyarrow.csv.read_csv(stream, parse_options=parsing)


def check_csv(path: Path) -> str:
    """Filter a damaged table of text; its rows must be those that pyarrow reads."""
    out = path.with_name("out.parquet")
    w2s.filter(path, out, score="s", top=KEPT, delimiter=",", memory=_MEMORY, overwrite=True)
    try:
        table = _read_csv(path)
        place = table.schema.get_field_index("s")
        expected = best_rows(table.set_column(place, "s", table.column("s").cast(pa.float64())))
    except Exception as error:  # noqa: BLE001 - whatever the other reader raises
        raise SilentDifferenceError(f"pyarrow refuses the file: {error}"[:200]) from None
    if not same_rows(_read_csv(out), expected):
        raise SilentDifferenceError("other rows than pyarrow reads")
    return "same"


def _csv_formats() -> Iterator[DamagedFormat]:
    for ending in ("", ".gz"):
        name = f"csv{ending.replace('.', '-')}"
        yield DamagedFormat(name, "csv", f"in.csv{ending}", partial(_write_csv, ending), check_csv)


TABLES: tuple[DamagedFormat, ...] = (
    *_parquet_formats(),
    *_arrow_formats(),
    *_lines_formats(),
    *_csv_formats(),
)
