"""Messages of Arrow IPC files, checked before Arrow allocates what they claim to hold.

Only the few fields of the flatbuffers that give sizes are read. Format: https://arrow.apache.org/docs/format/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from w2s.errors import DataError

MAGIC = b"ARROW1"
_SCHEMA, _DICTIONARY, _RECORDS = 1, 2, 3
_CONTINUATION = 0xFFFFFFFF
_STORED = -1
"""The size of a buffer that is not compressed, although the others are."""

View: TypeAlias = memoryview


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a flatbuffer: fields by their number."""

    data: View
    at: int

    def place(self, number: int) -> int | None:
        """Where a field is; None if it has its default."""
        table = self.at - _read("<i", self.data, self.at)
        entry = 4 + 2 * number
        offset = _read("<H", self.data, table + entry) if entry < _read("<H", self.data, table) else 0
        return self.at + offset if offset else None

    def number(self, number: int, kind: str) -> int:
        """A field that is a number; 0 by default."""
        place = self.place(number)
        return 0 if place is None else _read(kind, self.data, place)

    def table(self, number: int) -> _Table | None:
        """A field that is a table."""
        place = self.place(number)
        return None if place is None else _Table(self.data, place + _read("<I", self.data, place))

    def structs(self, number: int, kind: str) -> Iterator[tuple[int, ...]]:
        """A field that is a vector of structures."""
        place = self.place(number)
        if place is None:
            return iter(())
        begin = place + _read("<I", self.data, place)
        size = _read("<I", self.data, begin) * struct.calcsize(kind)
        if size > len(self.data):
            raise struct.error("a vector is longer than its message")
        return struct.iter_unpack(kind, self.data[begin + 4 : begin + 4 + size])


def batch_rows(file: View, largest: int, where: str) -> list[int]:
    """The number of rows of each record batch of a file or stream.

    Args:
        file: all bytes.
        largest: bytes that one batch may hold, decompressed.
        where: the name of the file in messages.

    Raises:
        DataError: a message is damaged, lies outside of the file, or claims more than ``largest`` bytes.
    """
    try:
        is_file = bytes(file[: len(MAGIC)]) == MAGIC
        found = [
            _rows(file, place, kind, largest, where)
            for place, kind in (_file_messages(file) if is_file else _stream_messages(file))
        ]
    except (struct.error, ValueError, IndexError) as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {where}: a message is damaged ({error}); check that it is a complete Arrow file",
        ) from None
    return [rows for rows in found if rows is not None]


def _file_messages(file: View) -> Iterator[tuple[int, int]]:
    """Where the messages of the footer begin, and their kinds: dictionaries, then record batches."""
    end = len(file) - len(MAGIC) - 4
    if end < len(MAGIC) or bytes(file[-len(MAGIC) :]) != MAGIC:
        raise ValueError("its end is missing")
    size = _read("<i", file, end)
    if not 0 < size <= end:
        raise ValueError("its footer is longer than the file")
    footer = _root(file[end - size : end])
    for vector, kind in ((2, _DICTIONARY), (3, _RECORDS)):
        for offset, _, _ in footer.structs(vector, "<qi4xq"):
            yield offset, kind


def _stream_messages(file: View) -> Iterator[tuple[int, int]]:
    """Where the messages of a stream begin, and their kinds: the schema, then dictionaries and batches."""
    at = 0
    while at + 8 <= len(file):
        metadata, body = _parts(file, at)
        if metadata is None:
            return
        kind = metadata.number(1, "<B")
        if (kind == _SCHEMA) != (at == 0):
            raise ValueError("it does not begin with its only schema")
        yield at, kind
        at = body + metadata.number(3, "<q")


def _parts(file: View, at: int) -> tuple[_Table | None, int]:
    """The metadata of a message, and where its body begins; None at the end of a stream."""
    size = _read("<I", file, at)
    begin = at + 4
    if size == _CONTINUATION:
        size = _read("<I", file, begin)
        begin += 4
    if size == 0:
        return None, begin
    if begin + size > len(file):
        raise ValueError("it ends inside a message")
    return _root(file[begin : begin + size]), begin + size


def _rows(file: View, at: int, expected: int, largest: int, where: str) -> int | None:
    """Check a message; the rows of a record batch, None for others."""
    if not 0 <= at < len(file):
        raise ValueError("a message lies outside of the file")
    metadata, body = _parts(file, at)
    if metadata is None:
        raise ValueError("a message is empty")
    length = metadata.number(3, "<q")
    if not 0 <= length <= len(file) - body:
        raise ValueError("it ends inside a message")
    kind, records = metadata.number(1, "<B"), metadata.table(2)
    if kind == _DICTIONARY and records is not None:
        records = records.table(1)
    if kind != expected or kind not in {_SCHEMA, _DICTIONARY, _RECORDS} or records is None:
        raise ValueError("it is of another kind than expected")
    if kind == _SCHEMA:
        return None
    rows = records.number(0, "<q")
    size = _decompressed_bytes(file[body : body + length], records)
    if rows < 0:
        raise ValueError("a number of rows is negative")
    if max(rows, size) > largest:
        raise DataError(
            "table-batch-too-large",
            f"cannot read {where}: a record batch claims {rows:,} rows and {size / 2**30:.2g} GiB, more than "
            "fits in memory; raise `memory`, or write smaller batches",
        )
    return rows if kind == _RECORDS else None


def _decompressed_bytes(body: View, records: _Table) -> int:
    """Bytes that the buffers of a batch hold when they are decompressed; 0 if they are not compressed."""
    compressed = records.table(3) is not None
    total = 0
    for offset, length in records.structs(2, "<qq"):
        if offset < 0 or length < 0 or offset + length > len(body):
            raise ValueError("a buffer lies outside of its message")
        if compressed and length:
            size = _read("<q", body, offset)
            if size < _STORED:
                raise ValueError("a size is negative")
            total += max(0, size)
    return total


def _root(data: View) -> _Table:
    return _Table(data, _read("<I", data, 0))


def _read(kind: str, data: View, at: int) -> int:
    if at < 0:
        raise struct.error("a place is negative")
    return int(struct.unpack_from(kind, data, at)[0])
