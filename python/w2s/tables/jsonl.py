"""JSON Lines: parsed in blocks; kept lines are copied unchanged."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json

from w2s.errors import DataError
from w2s.tables.formats import Compression
from w2s.tables.parquet import reason_of
from w2s.tables.partition import Mask, arrow_mask

BLOCK_BYTES = 4 << 20
_SPLIT_BYTES = 64 << 20
_NEWLINE = 10


@dataclass(frozen=True)
class JsonlPartition:
    """The lines of a file that begin in a range of bytes; the whole file if it is compressed."""

    path: Path
    compression: Compression | None
    begin: int
    end: int | None
    schema: pa.Schema = field(repr=False)
    rows: int | None = None

    @property
    def where(self) -> str:
        """The file and the first byte."""
        return f"{self.path}, from byte {self.begin}" if self.begin else str(self.path)

    @property
    def n_bytes(self) -> int:
        """Approximate bytes of all rows in memory."""
        size = self.path.stat().st_size if self.end is None else self.end - self.begin
        return size * (8 if self.compression else 2)

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        schema = pa.schema([self.schema.field(name) for name in names])
        for lines in self.blocks():
            yield parse(lines, self.where, schema).select(list(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        for lines in self._kept(mask):
            yield parse(lines, self.where, self.schema)

    def kept_lines(self, mask: Mask) -> Iterator[bytes]:
        """The lines of the rows under a mask, unchanged."""
        for lines in self._kept(mask):
            yield join_lines(lines)

    def _kept(self, mask: Mask) -> Iterator[pa.Array]:
        start = 0
        for lines in self.blocks():
            part = mask[start : start + len(lines)]
            start += len(lines)
            if part.any():
                yield lines.filter(arrow_mask(part))

    def blocks(self) -> Iterator[pa.Array]:
        """Lines with their newlines as binary arrays; empty lines are skipped."""
        try:
            with pa.input_stream(str(self.path), compression=_codec(self.compression)) as stream:
                yield from blocks_of(stream, self.begin, self.end)
        except (OSError, pa.ArrowException) as error:
            raise DataError("table-unreadable", f"cannot read {self.path}: {reason_of(error)}") from None


def _codec(compression: Compression | None) -> str | None:
    return compression


def blocks_of(stream: pa.NativeFile, begin: int = 0, end: int | None = None) -> Iterator[pa.Array]:
    """Arrays of the lines of a stream that begin in ``begin..end``."""
    rest = b""
    at = begin
    if begin:
        stream.seek(begin - 1)
        at, rest = _after_newline(stream, begin)
    while data := stream.read(BLOCK_BYTES):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        whole, rest = data[:cut], data[cut:]
        if end is not None and at + len(whole) >= end:
            last = max(0, end - at)
            # The line that holds byte end - 1 is the last of this partition.
            stop = whole.find(b"\n", max(0, last - 1)) + 1 if last else 0
            yield from _array(whole[:stop])
            return
        at += len(whole)
        yield from _array(whole)
    if rest and (end is None or at < end):
        yield from _array(rest + b"\n")


def _after_newline(stream: pa.NativeFile, begin: int) -> tuple[int, bytes]:
    """The first start of a line at or after ``begin``, and the bytes read from there."""
    at = begin - 1
    while data := stream.read(BLOCK_BYTES):
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1, data[found + 1 :]
        at += len(data)
    return at, b""


def _array(block: bytes) -> Iterator[pa.Array]:
    if not block:
        return
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    )
    lengths = np.diff(offsets)
    empty = lengths == 1
    short = np.flatnonzero(lengths == 2)
    empty[short] = np.frombuffer(block, np.uint8)[offsets[short]] == 13
    if empty.any():
        lines = lines.filter(arrow_mask(~empty))
    if len(lines):
        yield lines


def join_lines(lines: pa.Array) -> bytes:
    """The lines of an array as one string of bytes."""
    offsets = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]].tobytes()


def parse(lines: pa.Array, where: str, schema: pa.Schema | None) -> pa.Table:
    """Parse lines into a table with the columns of a schema, or with all columns.

    Raises:
        DataError: a line is not one JSON object, or a value does not have the type of its column.
    """
    text = join_lines(lines)
    options = pyarrow.json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
    )
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    try:
        table = pyarrow.json.read_json(pa.BufferReader(text), reading, options)
    except pa.ArrowException as error:
        raise DataError(
            "table-invalid-json-line", f"{where}: {reason_of(error)}; write one JSON object per line"
        ) from None
    if table.num_rows != len(lines):
        raise DataError(
            "table-invalid-json-line",
            f"{where}: {len(lines)} lines hold {table.num_rows} objects; write one JSON object per line",
        )
    return table


def open_lines(path: Path, compression: Compression | None) -> tuple[pa.Schema, list[JsonlPartition]]:
    """The schema of the first lines, and the partitions.

    Raises:
        DataError: the file has no line, or its first lines are not JSON objects.
    """
    whole = JsonlPartition(path, compression, 0, None, pa.schema([]))
    first = next(whole.blocks(), None)
    if first is None:
        raise DataError("table-empty", f"{path} is empty")
    schema = parse(first, str(path), None).schema
    size = path.stat().st_size
    if compression is not None or size <= _SPLIT_BYTES:
        return schema, [JsonlPartition(path, compression, 0, None, schema)]
    begins = range(0, size, _SPLIT_BYTES)
    ends = [*begins[1:], size]
    return schema, [
        JsonlPartition(path, None, begin, end, schema) for begin, end in zip(begins, ends, strict=True)
    ]


def encode_rows(table: pa.Table) -> bytes:
    """One JSON line per row, each with its newline.

    Times become ISO 8601 text, binary values base64, decimals text.

    Raises:
        DataError: a number is NaN or infinite, which JSON cannot represent.
    """
    rows = table.to_pylist(maps_as_pydicts="lossy")
    try:
        return "".join(_line(row) for row in rows).encode()
    except ValueError:
        raise DataError(
            "table-not-a-json-number",
            f"{_odd(rows)} cannot be written as JSON; write .parquet or .arrow instead",
        ) from None


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return str(value)


def _odd(rows: list[dict[str, Any]]) -> str:
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and not math.isfinite(value):
                return f"{value} in column {name!r}"
    return "NaN or an infinity inside a nested value"
