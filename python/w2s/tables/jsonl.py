"""JSON Lines: parsed in blocks; kept lines are copied unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.kernels.pages import Bytes, Positions, check_lines
from w2s.tables.formats import Compression
from w2s.tables.json_tables import LineName, infer_schema, join_lines, line_error, parse, pieces
from w2s.tables.partition import Mask, arrow_mask, reason_of

BLOCK_BYTES = 4 << 20
_SPLIT_BYTES = 64 << 20
_NEWLINE = 10
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_LINE = 64 << 20
"""Bytes of the longest line that is read if ``memory`` does not say otherwise."""
DEEPEST = 200
"""How deep the objects and arrays of a line may nest; parsers recurse, and thousands end the process."""


@dataclass(frozen=True)
class JsonlPartition:
    """The lines of a file that begin in a range of bytes; the whole file if it is compressed."""

    path: Path
    compression: Compression | None
    begin: int
    end: int | None
    schema: pa.Schema = field(repr=False)
    longest: int = LONGEST_LINE
    """Bytes of the longest line that is read."""
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
            for piece in pieces(lines, schema):
                yield parse(piece, schema, partial(self._line_after, start)).select(list(names))
                start += len(piece)

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        for lines, name in self._kept(mask):
            start = 0
            for piece in pieces(lines, self.schema):
                yield parse(piece, self.schema, partial(_name_after, name, start))
                start += len(piece)

    def with_columns(self, names: Sequence[str]) -> JsonlPartition:
        """The same rows without other columns, which may then hold anything."""
        return replace(self, schema=pa.schema([self.schema.field(name) for name in names]))

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

    def _file_name(self, _: int) -> str:
        return str(self.path)

    def _line_number(self, row: int) -> int:
        """The number of a row's line in the file, counted from 1."""
        number, at, seen = 1, 0, -1
        with pa.input_stream(str(self.path), compression=self.compression) as stream:
            for block, ends in _line_blocks(stream, self.longest, self._file_name):
                begins = np.concatenate([[0], ends[:-1]])
                is_row = at + begins >= self.begin
                is_row[check_lines(block, np.concatenate([[0], ends]), DEEPEST).blank] = False
                places = np.flatnonzero(is_row)
                if row - seen <= len(places):
                    return number + int(places[row - seen - 1])
                seen += len(places)
                number += len(ends)
                at += len(block)
        return number

    def blocks(self) -> Iterator[pa.Array]:
        """Lines with their newlines as binary arrays; blank lines are skipped."""
        try:
            with pa.input_stream(str(self.path), compression=self.compression) as stream:
                yield from blocks_of(stream, self.row_name, self.longest, self.begin, self.end)
        except (OSError, pa.ArrowException) as error:
            raise DataError("table-unreadable", f"cannot read {self.path}: {reason_of(error)}") from None


def _name_after(name: LineName, start: int, line: int) -> str:
    return name(start + line)


def blocks_of(
    stream: pa.NativeFile,
    name: LineName,
    longest: int = LONGEST_LINE,
    begin: int = 0,
    end: int | None = None,
) -> Iterator[pa.Array]:
    """Arrays of the lines of a stream that begin in ``begin..end``; each is one object or is refused later.

    Args:
        stream: the lines.
        name: names a row in messages.
        longest: bytes of the longest line that is read.
        begin: the first byte.
        end: the byte after the last one; None for all lines.

    Raises:
        DataError: a line is too long, nests too deep, or does not begin with ``{`` and end in ``}``.
    """
    at = rows = 0
    if begin:
        at = begin - 1
        stream.seek(at)
    is_first = True
    for whole, whole_ends in _line_blocks(stream, longest, name):
        block, ends = whole, whole_ends
        if is_first and begin:  # the line that holds the byte before the first belongs to another partition
            block, ends = block[ends[0] :], ends[1:] - ends[0]
        elif is_first and block[:3].tobytes() == BYTE_ORDER_MARK:
            block, ends = block[3:], ends - 3
        is_first = False
        at += len(whole)
        if end is not None and at >= end:
            # The line that holds byte end - 1 is the last of this partition.
            last = end - at + len(block)
            ends = ends[: np.searchsorted(ends, last) + 1] if last > 0 else ends[:0]
        for lines in _array(block, ends, name, rows):
            rows += len(lines)
            yield lines
        if end is not None and at >= end:
            return


def _line_blocks(stream: pa.NativeFile, longest: int, name: LineName) -> Iterator[tuple[Bytes, Positions]]:
    """Blocks of whole lines, and where each line ends; the last line gets a newline if it lacks one.

    The bytes are read into arrays that w2s owns: pyarrow never frees what it allocated for a read that fails.
    """
    head: Bytes = np.zeros(0, np.uint8)  # the beginning of a line
    parts: list[Bytes] = []  # of a line that is longer than a block
    held = 0
    while True:
        buffer = np.empty(len(head) + BLOCK_BYTES, np.uint8)
        buffer[: len(head)] = head
        got = stream.readinto(buffer[len(head) :])
        block = buffer[: len(head) + got]
        if not got:
            if held + len(block):
                yield _closed([*parts, block])
            return
        ends = np.flatnonzero(block == _NEWLINE) + 1
        begun = len(block) - (int(ends[-1]) if len(ends) else 0)
        if (held + len(block) if not len(ends) else max(begun, held + int(ends[0]))) > longest:
            raise _too_long(name(0).partition(", line")[0], longest)
        if not len(ends):
            parts.append(block)
            held += len(block)
            head = block[:0]
            continue
        head = block[len(block) - begun :].copy()
        block = block[: len(block) - begun]
        if parts:
            block, ends = np.concatenate([*parts, block]), ends + held
            parts, held = [], 0
        yield block, ends


def _closed(parts: Sequence[Bytes]) -> tuple[Bytes, Positions]:
    """The last line of a stream, which has no newline."""
    block = np.concatenate([*parts, np.array([_NEWLINE], np.uint8)])
    return block, np.array([len(block)])


def _too_long(where: str, longest: int) -> DataError:
    return DataError(
        "table-line-too-long",
        f"{where} has a line of more than {longest >> 20} MiB; raise `memory`, or shorten it",
    )


def _array(block: Bytes, ends: Positions, name: LineName, first: int) -> Iterator[pa.Array]:
    """The lines of a block that are not blank, as one array if there are any."""
    if not len(ends):
        return
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    )
    found = check_lines(block, offsets, DEEPEST)
    if found.fault is not None:
        row = first + found.fault - int(np.searchsorted(found.blank, found.fault))
        raise line_error(lines[found.fault].as_py(), name(row), is_deep=found.is_deep)
    if found.blank:
        is_row = np.ones(len(ends), bool)
        is_row[found.blank] = False
        lines = lines.filter(arrow_mask(is_row))
    if len(lines):
        yield lines


def open_lines(
    path: Path, compression: Compression | None, longest: int = LONGEST_LINE
) -> tuple[pa.Schema, list[JsonlPartition]]:
    """The schema of the first lines, and the partitions.

    Columns whose values have several types are null in the schema; their lines can be copied all the same.

    Args:
        path: the file.
        compression: its compression.
        longest: bytes of the longest line that is read.

    Raises:
        DataError: the file has no line, or its first lines are not JSON objects.
    """
    whole = JsonlPartition(path, compression, 0, None, pa.schema([]), longest)
    first = next(whole.blocks(), None)
    if first is None:
        raise DataError("table-empty", f"{path} is empty")
    schema = infer_schema(first, partial(whole._line_after, 0), ragged=True)
    size = path.stat().st_size
    if compression is not None or size <= _SPLIT_BYTES:
        return schema, [replace(whole, schema=schema)]
    begins = range(0, size, _SPLIT_BYTES)
    ends = [*begins[1:], size]
    return schema, [
        replace(whole, begin=begin, end=end, schema=schema) for begin, end in zip(begins, ends, strict=True)
    ]
