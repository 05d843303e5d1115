"""JSON Lines: parsed in blocks; kept lines are copied unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.tables.formats import Compression
from w2s.tables.json_tables import LineName, infer_schema, join_lines, parse
from w2s.tables.parquet import reason_of
from w2s.tables.partition import Mask, arrow_mask

BLOCK_BYTES = 4 << 20
_SPLIT_BYTES = 64 << 20
_NEWLINE = 10
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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

    def row_name(self, row: int) -> str:
        """The file and the line, counted from 1, of a row; for messages, since it reads the file."""
        return f"{self.path}, line {self._line_number(row)}"

    def row_counts(self) -> Iterator[int]:
        """Numbers of lines, by block."""
        return (len(lines) for lines in self.blocks())

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        schema = pa.schema([self.schema.field(name) for name in names])
        start = 0
        for lines in self.blocks():
            yield parse(lines, schema, partial(self._line_after, start)).select(list(names))
            start += len(lines)

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        for lines, name in self._kept(mask):
            yield parse(lines, self.schema, name)

    def kept_lines(self, mask: Mask) -> Iterator[bytes]:
        """The lines of the rows under a mask, unchanged."""
        for lines, _ in self._kept(mask):
            yield join_lines(lines)

    def _kept(self, mask: Mask) -> Iterator[tuple[pa.Array, LineName]]:
        """The kept lines of each block that has some, and how they are named."""
        start = 0
        for lines in self.blocks():
            part = mask[start : start + len(lines)]
            if part.any():
                yield lines.filter(arrow_mask(part)), partial(self._kept_line, start, part)
            start += len(lines)

    def _line_after(self, start: int, line: int) -> str:
        return self.row_name(start + line)

    def _kept_line(self, start: int, part: Mask, line: int) -> str:
        return self.row_name(start + int(np.flatnonzero(part)[line]))

    def _line_number(self, row: int) -> int:
        """The number of a row's line in the file, counted from 1."""
        number, at, seen = 1, 0, -1
        rest = b""
        with pa.input_stream(str(self.path), compression=self.compression) as stream:
            while block := stream.read(BLOCK_BYTES):
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    seen += at >= self.begin and line not in {b"", b"\r"}
                    if seen == row:
                        return number
                    number += 1
                    at += len(line) + 1
        return number

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
        data = rest + (data if at else data.removeprefix(BYTE_ORDER_MARK))
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


def open_lines(path: Path, compression: Compression | None) -> tuple[pa.Schema, list[JsonlPartition]]:
    """The schema of the first lines, and the partitions.

    Columns whose values have several types are null in the schema; their lines can be copied all the same.

    Raises:
        DataError: the file has no line, or its first lines are not JSON objects.
    """
    whole = JsonlPartition(path, compression, 0, None, pa.schema([]))
    first = next(whole.blocks(), None)
    if first is None:
        raise DataError("table-empty", f"{path} is empty")
    schema = infer_schema(first, partial(whole._line_after, 0), ragged=True)
    size = path.stat().st_size
    if compression is not None or size <= _SPLIT_BYTES:
        return schema, [JsonlPartition(path, compression, 0, None, schema)]
    begins = range(0, size, _SPLIT_BYTES)
    ends = [*begins[1:], size]
    return schema, [
        JsonlPartition(path, None, begin, end, schema) for begin, end in zip(begins, ends, strict=True)
    ]
