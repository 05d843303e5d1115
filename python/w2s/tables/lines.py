"""JSON Lines: parsed a block at a time, and copied line by line as they stand.

Knows nothing about scores or rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.json

from w2s.errors import DataError
from w2s.tables.formats import Wrapping
from w2s.tables.parquet import first_line
from w2s.tables.piece import Mask, arrow_mask

BLOCK_BYTES = 4 << 20
_SPLIT_BYTES = 64 << 20
_NEWLINE = 10


@dataclass(frozen=True)
class LinesPiece:
    """The lines of a file that begin between two bytes; all of them where it is wrapped."""

    path: Path
    wrapping: Wrapping | None
    begin: int
    end: int | None
    schema: pa.Schema = field(repr=False)
    rows: int | None = None

    @property
    def where(self) -> str:
        """The file, and from which byte."""
        return f"{self.path}, from byte {self.begin}" if self.begin else str(self.path)

    @property
    def n_bytes(self) -> int:
        """About the memory of all rows."""
        size = self.path.stat().st_size if self.end is None else self.end - self.begin
        return size * (8 if self.wrapping else 2)

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        schema = pa.schema([self.schema.field(name) for name in names])
        for lines in self.blocks():
            yield parse(lines, self.where, schema).select(list(names))

    def kept(self, mask: Mask, together_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        for lines in self._kept(mask):
            yield parse(lines, self.where, self.schema)

    def kept_lines(self, mask: Mask) -> Iterator[bytes]:
        """The lines of the rows under a mask, unchanged."""
        for lines in self._kept(mask):
            yield text_of(lines)

    def _kept(self, mask: Mask) -> Iterator[pa.Array]:
        start = 0
        for lines in self.blocks():
            part = mask[start : start + len(lines)]
            start += len(lines)
            if part.any():
                yield lines.filter(arrow_mask(part))

    def blocks(self) -> Iterator[pa.Array]:
        """Lines, each with its newline, without those that are empty, as binary arrays."""
        try:
            with pa.input_stream(str(self.path), compression=_codec(self.wrapping)) as stream:
                yield from blocks_of(stream, self.begin, self.end)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"cannot read {self.path}: {first_line(error)}") from None


def _codec(wrapping: Wrapping | None) -> str | None:
    return wrapping


def blocks_of(stream: pa.NativeFile, begin: int = 0, end: int | None = None) -> Iterator[pa.Array]:
    """Arrays of lines of a stream, those that begin in ``begin..end``."""
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
            # The line that holds byte end - 1 is the last of this piece.
            stop = whole.find(b"\n", max(0, last - 1)) + 1 if last else 0
            yield from _array(whole[:stop])
            return
        at += len(whole)
        yield from _array(whole)
    if rest and (end is None or at < end):
        yield from _array(rest + b"\n")


def _after_newline(stream: pa.NativeFile, begin: int) -> tuple[int, bytes]:
    """The first byte at or after ``begin`` at which a line begins, and what was read from there on."""
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


def text_of(lines: pa.Array) -> bytes:
    """The lines of an array, one after another."""
    offsets = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]].tobytes()


def parse(lines: pa.Array, where: str, schema: pa.Schema | None) -> pa.Table:
    """The objects of lines, with the columns of a schema; of all columns without one.

    Raises:
        DataError: a line is not one object, or a value is not of its column's type.
    """
    text = text_of(lines)
    options = pyarrow.json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
    )
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    try:
        table = pyarrow.json.read_json(pa.BufferReader(text), reading, options)
    except pa.ArrowException as error:
        raise DataError(f"{where}: {first_line(error)}; every line is to be one JSON object") from None
    if table.num_rows != len(lines):
        raise DataError(f"{where}: {len(lines)} lines hold {table.num_rows} objects; every line is to be one")
    return table


def open_lines(path: Path, wrapping: Wrapping | None) -> tuple[pa.Schema, list[LinesPiece]]:
    """The schema that the first lines suggest, and the pieces.

    Raises:
        DataError: the file holds no line, or its first lines are not objects.
    """
    whole = LinesPiece(path, wrapping, 0, None, pa.schema([]))
    first = next(whole.blocks(), None)
    if first is None:
        raise DataError(f"{path} is empty: there is nothing to filter")
    schema = parse(first, str(path), None).schema
    size = path.stat().st_size
    if wrapping is not None or size <= _SPLIT_BYTES:
        return schema, [LinesPiece(path, wrapping, 0, None, schema)]
    begins = range(0, size, _SPLIT_BYTES)
    ends = [*begins[1:], size]
    return schema, [
        LinesPiece(path, None, begin, end, schema) for begin, end in zip(begins, ends, strict=True)
    ]
