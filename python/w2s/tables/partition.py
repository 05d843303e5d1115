"""Partitions of a table, for example row groups: the unit of work of both passes; and masks of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from w2s.errors import DataError

Mask = npt.NDArray[np.bool_]


def arrow_mask(mask: Mask) -> pa.BooleanArray:
    """The flags as an Arrow array; unlike ``pa.array`` this does not import pandas."""
    return pa.BooleanArray.from_buffers(
        pa.bool_(), len(mask), [None, pa.py_buffer(np.packbits(mask, bitorder="little"))]
    )


def rows_under(tables: Iterator[pa.Table], mask: Mask) -> Iterator[pa.Table]:
    """The masked rows of consecutive tables; tables without such rows are skipped."""
    start = 0
    for table in tables:
        part = mask[start : start + table.num_rows]
        start += table.num_rows
        if part.any():
            yield table.filter(arrow_mask(part))


def reason_of(error: Exception) -> str:
    """A short reason without a full stop: the system's message, or the first line of the library's."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    first = str(error).partition("\n")[0][:200]
    return "".join(letter if letter.isprintable() else "?" for letter in first).rstrip(". ")


_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_TEXT_START = 4


def check_utf8(head: bytes, where: str) -> None:
    """Refuse text of 16 or 32 bits, which begins with a mark or has NUL among its first bytes.

    Raises:
        DataError: names the remedy.
    """
    odd, even = head[1:_TEXT_START:2], head[:_TEXT_START:2]
    is_wide = len(head) >= _TEXT_START and any(even + odd) and (not any(odd) or not any(even))
    if head.startswith(_WIDE_MARKS) or is_wide:
        raise DataError(
            "table-not-unicode",
            f"{where} is not UTF-8 but seems to be UTF-16 or UTF-32; save it as UTF-8, for example with "
            "iconv -f UTF-16 -t UTF-8",
        )


def check_rows(found: int, expected: int, where: str) -> None:
    """Refuse a partition of which another number of rows was read than it has.

    Raises:
        DataError: the file is damaged.
    """
    if found != expected:
        raise DataError(
            "table-damaged",
            f"cannot read {where}: {found:,} rows were read, but it has {expected:,}; the file is damaged",
        )


def counted(tables: Iterator[pa.Table], rows: int, where: str) -> Iterator[pa.Table]:
    """The tables of a partition, which must have exactly its rows.

    Raises:
        DataError: the file is damaged.
    """
    seen = 0
    for table in tables:
        seen += table.num_rows
        if seen > rows:
            break
        yield table
    check_rows(seen, rows, where)


def has_views(schema: pa.Schema) -> bool:
    """Whether a column holds strings, bytes or lists in Arrow's view layout."""
    return any(_plain_type(column.type) != column.type for column in schema)


def without_views(schema: pa.Schema) -> pa.Schema:
    """The same columns without view layouts, which only a few of Arrow's functions support."""
    fields = [column.with_type(_plain_type(column.type)) for column in schema]
    return pa.schema(fields, schema.metadata)


def cast_views(table: pa.Table) -> pa.Table:
    """The same rows without view layouts."""
    return table.cast(without_views(table.schema)) if has_views(table.schema) else table


def _plain_type(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - one per layout
    types = pa.types
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _plain_type(kind.value_type), ordered=kind.ordered)
    if types.is_struct(kind):
        return pa.struct([child.with_type(_plain_type(child.type)) for child in kind.fields])
    if types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type), keys_sorted=kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain_field(kind), kind.list_size)
    if types.is_large_list(kind) or types.is_large_list_view(kind):
        return pa.large_list(_plain_field(kind))
    if types.is_list(kind) or types.is_list_view(kind):
        return pa.list_(_plain_field(kind))
    return kind


def _plain_field(kind: pa.DataType) -> pa.Field:
    return kind.value_field.with_type(_plain_type(kind.value_type))


class Partition(Protocol):
    """Consecutive rows of a table."""

    @property
    def where(self) -> str:
        """The name in messages: the file and the row group."""
        ...

    @property
    def rows(self) -> int | None:
        """Number of rows; None if it is only known after reading."""
        ...

    @property
    def n_bytes(self) -> int:
        """Approximate bytes of all rows and columns in memory."""
        ...

    def row_name(self, row: int) -> str:
        """The name of a row, counted from 0, in messages."""
        ...

    def row_counts(self) -> Iterator[int]:
        """Yield numbers of consecutive rows that together are all rows."""
        ...

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Yield every row with only these columns, as consecutive tables."""
        ...

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Yield the masked rows with every column, reading about ``batch_bytes`` at a time."""
        ...

    def with_columns(self, names: Sequence[str]) -> Partition:
        """The same rows without other columns, which are not read; the columns keep the order of the file."""
        ...


def nested_field(schema: pa.Schema, name: str) -> pa.Field | None:
    """The field that ``meta.n`` names inside the column ``meta``; None if there is no such field.

    Example:
        >>> schema = pa.schema([("meta", pa.struct([("n", pa.float64())]))])
        >>> nested_field(schema, "meta.n").type
        DataType(double)
    """
    outer, *path = name.split(".")
    if not path or name in schema.names or schema.names.count(outer) != 1:
        return None
    kind = schema.field(outer).type
    for part in path:
        place = kind.get_field_index(part) if pa.types.is_struct(kind) else -1
        if place < 0:
            return None
        kind = kind.field(place).type
    return pa.field(name, kind)


@dataclass(frozen=True)
class NestedPartition:
    """A partition with some fields of nested columns as separate columns, to read and not to copy.

    Attributes:
        inner: the partition.
        fields: the fields by name, such as ``meta.n``.
    """

    inner: Partition
    fields: Mapping[str, pa.Field]

    @property
    def where(self) -> str:
        """The name in messages."""
        return self.inner.where

    @property
    def rows(self) -> int | None:
        """Number of rows."""
        return self.inner.rows

    @property
    def n_bytes(self) -> int:
        """Approximate bytes of all rows in memory."""
        return self.inner.n_bytes

    def row_name(self, row: int) -> str:
        """The name of a row in messages."""
        return self.inner.row_name(row)

    def row_counts(self) -> Iterator[int]:
        """Numbers of rows."""
        return self.inner.row_counts()

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns; a field is null where a value around it is null."""
        outer = [name.partition(".")[0] if name in self.fields else name for name in names]
        for table in self.inner.read_columns(list(dict.fromkeys(outer))):
            yield pa.table([self.column(table, name) for name in names], list(names))

    def column(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        """A column of a table of the inner partition, or a field of one."""
        if name not in self.fields:
            return table.column(name)
        outer, *path = name.split(".")
        return pc.struct_field(table.column(outer), path)

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask, without the fields."""
        return self.inner.masked_rows(mask, batch_bytes)

    def with_columns(self, names: Sequence[str]) -> Partition:
        """The inner partition without other columns."""
        return self.inner.with_columns(names)


@dataclass(frozen=True)
class ProjectedPartition(NestedPartition):
    """A partition with some columns in any order, which may be fields of nested columns.

    Attributes:
        names: the columns.
    """

    names: tuple[str, ...] = ()

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """The columns of the rows under a mask."""
        for table in self.inner.masked_rows(mask, batch_bytes):
            yield pa.table([self.column(table, name) for name in self.names], list(self.names))


class RowMask:
    """One bit per row of a table, by partition."""

    def __init__(self, partition_rows: Sequence[int]) -> None:
        """Start without kept rows."""
        self._rows = list(partition_rows)
        self._bits: list[npt.NDArray[np.uint8] | None] = [None] * len(self._rows)
        self.counts = [0] * len(self._rows)

    @classmethod
    def of_positions(cls, partition_rows: Sequence[int], positions: npt.NDArray[np.int64]) -> RowMask:
        """A mask from ascending positions in the whole table."""
        kept = cls(partition_rows)
        ends = np.cumsum(np.asarray(partition_rows, np.int64))
        stops = np.searchsorted(positions, ends)
        begin, start = 0, 0
        for partition, (stop, end) in enumerate(zip(stops.tolist(), ends.tolist(), strict=True)):
            kept.set(partition, positions[begin:stop] - start)
            begin, start = stop, end
        return kept

    def set(self, partition: int, rows: npt.NDArray[np.int64]) -> None:
        """Keep these rows of a partition."""
        mask = np.zeros(self._rows[partition], bool)
        mask[rows] = True
        self.set_mask(partition, mask)

    def set_mask(self, partition: int, mask: Mask) -> None:
        """Keep the flagged rows of a partition."""
        self.counts[partition] = int(np.count_nonzero(mask))
        self._bits[partition] = np.packbits(mask) if self.counts[partition] else None

    def mask(self, partition: int) -> Mask:
        """Flags of the rows of a partition."""
        bits = self._bits[partition]
        if bits is None:
            return np.zeros(self._rows[partition], bool)
        return np.unpackbits(bits, count=self._rows[partition]).view(bool)

    @property
    def total(self) -> int:
        """Number of kept rows."""
        return sum(self.counts)

    @property
    def partition_rows(self) -> list[int]:
        """Number of rows of each partition."""
        return self._rows
