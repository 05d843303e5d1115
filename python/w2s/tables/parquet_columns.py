"""Columns of Parquet files that the core reads: flat ones, in codecs and encodings that it knows.

Arrow decodes whole columns; the core copies kept values only. What the core does not know is left to Arrow.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError
from w2s.kernels.pages import ChunkPlace, ColumnPiece, FlatChunk, GroupReader
from w2s.tables.partition import Mask

_BOOLEAN, _INT32, _INT64, _FLOAT, _DOUBLE, _BYTE_ARRAY, _FIXED_BYTES = 0, 1, 2, 4, 5, 6, 7
_PHYSICAL_TYPES = {
    "BOOLEAN": _BOOLEAN,
    "INT32": _INT32,
    "INT64": _INT64,
    "FLOAT": _FLOAT,
    "DOUBLE": _DOUBLE,
    "BYTE_ARRAY": _BYTE_ARRAY,
    "FIXED_LEN_BYTE_ARRAY": _FIXED_BYTES,
}
_STORED_BYTES = {_INT32: 4, _INT64: 8, _FLOAT: 4, _DOUBLE: 8}
_CODECS = (0, 1, 2, 6, 7)  # none, Snappy, gzip, zstd, LZ4 blocks
_LEVELS = (3, 4)
_PLACES = (0, 2, 8)  # plain, and places in a dictionary
_ENCODINGS = {
    _BOOLEAN: (0, *_LEVELS),
    _INT32: (*_PLACES, *_LEVELS, 5, 9),
    _INT64: (*_PLACES, *_LEVELS, 5, 9),
    _FLOAT: (*_PLACES, *_LEVELS, 9),
    _DOUBLE: (*_PLACES, *_LEVELS, 9),
    _BYTE_ARRAY: (*_PLACES, *_LEVELS, 6, 7),
    _FIXED_BYTES: (*_PLACES, *_LEVELS, 7, 9),
}
_UNITS = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}
_TEXTS = {
    pa.string(): "texts",
    pa.binary(): "texts",
    pa.large_string(): "wide-texts",
    pa.large_binary(): "wide-texts",
}


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column whose values Arrow and the file hold alike, up to their width.

    Attributes:
        name: its name.
        kind: its type in Arrow.
        layout: see :class:`w2s.kernels.pages.FlatChunk`.
        stored: bytes of a value in the file.
        width: bytes of a value in Arrow.
        nullable: whether values have definition levels.
    """

    name: str
    kind: pa.DataType
    layout: str
    stored: int
    width: int
    nullable: bool

    def chunk(self, place: ChunkPlace) -> FlatChunk | None:
        """The column chunk if the core can read it; None if Arrow must."""
        known = sum(1 << number for number in _ENCODINGS.get(place.physical_type, ()))
        if place.codec not in _CODECS or place.encodings & ~known or not place.values:
            return None
        return FlatChunk(
            self.name,
            self.layout,
            self.stored,
            self.width,
            place.physical_type,
            place.codec,
            self.nullable,
            place.begin,
            place.end,
            place.n_bytes,
        )


def flat_column(field: pa.Field, column: Any) -> FlatColumn | None:
    """The column if the core knows its type; None if it is nested or of another type.

    Args:
        field: the column in the Arrow schema.
        column: the column in the Parquet schema.
    """
    if column.path != field.name or column.max_repetition_level or column.max_definition_level > 1:
        return None
    physical_type = _PHYSICAL_TYPES.get(column.physical_type)
    if physical_type is None:
        return None
    stored = column.length if physical_type == _FIXED_BYTES else _STORED_BYTES.get(physical_type, 0)
    layout = _layout(field.type, physical_type, stored, column)
    if layout is None:
        return None
    width = 0 if layout in {"bits", "texts", "wide-texts"} else field.type.byte_width
    return FlatColumn(field.name, field.type, layout, stored, width, column.max_definition_level == 1)


def _layout(kind: pa.DataType, physical_type: int, stored: int, column: Any) -> str | None:
    """How values of the file become values of Arrow; None if the core does not know it."""
    if physical_type == _BYTE_ARRAY:
        return _TEXTS.get(kind)
    if physical_type == _BOOLEAN:
        return "bits" if kind == pa.bool_() else None
    if not stored or isinstance(kind, pa.BaseExtensionType) or not _is_number(kind):
        return None
    if pa.types.is_decimal(kind):
        return _decimal_layout(kind, physical_type, stored, column)
    if pa.types.is_integer(kind) and physical_type == _INT32 and kind.byte_width < stored:
        return "low"
    return "same" if kind.byte_width == stored and _is_same(kind, physical_type, column) else None


def _is_number(kind: pa.DataType) -> bool:
    """Whether values have a width of whole bytes."""
    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_temporal(kind)
        or types.is_fixed_size_binary(kind)
    )


def _decimal_layout(kind: pa.DataType, physical_type: int, stored: int, column: Any) -> str | None:
    if kind.scale != column.scale or stored > kind.byte_width:
        return None
    return {_INT32: "signed", _INT64: "signed", _FIXED_BYTES: "reversed"}.get(physical_type)


def _is_same(kind: pa.DataType, physical_type: int, column: Any) -> bool:
    """Whether values of the same width are the same bits."""
    if physical_type == _FIXED_BYTES:
        return bool(pa.types.is_fixed_size_binary(kind) or pa.types.is_float16(kind))
    if physical_type in {_FLOAT, _DOUBLE}:
        return bool(pa.types.is_floating(kind))
    return bool(pa.types.is_integer(kind)) or _has_unit(kind, column)


def _has_unit(kind: pa.DataType, column: Any) -> bool:
    """Whether a date, time or duration counts in the unit of the file."""
    logical = column.logical_type
    if pa.types.is_date32(kind):
        return bool(logical.type == "DATE")
    if pa.types.is_duration(kind):
        return bool(logical.type == "NONE")
    if logical.type not in {"TIME", "TIMESTAMP"} or pa.types.is_date64(kind):
        return False
    return bool(_UNITS.get(json.loads(logical.to_json()).get("timeUnit")) == kind.unit)


class FlatReader:
    """Yields the kept rows of columns of a row group in order."""

    def __init__(
        self, path: Path, columns: Sequence[tuple[FlatColumn, FlatChunk]], mask: Mask, where: str
    ) -> None:
        """Open the file; ``mask`` flags rows of the row group, which ``where`` names in messages."""
        self._columns = [column for column, _ in columns]
        self._reader = GroupReader(path, [chunk for _, chunk in columns], mask)
        self._where = where

    def take(self, count: int) -> dict[str, pa.ChunkedArray]:
        """The next ``count`` kept values of each column, by its name."""
        try:
            found = self._reader.take(count)
        except DataError as error:
            raise self._damaged(error) from None
        return {
            column.name: pa.chunked_array([_array(column.kind, piece) for piece in pieces], column.kind)
            for column, pieces in zip(self._columns, found, strict=True)
        }

    def finish(self) -> None:
        """Check that the pages that were not needed have the other rows.

        Raises:
            DataError: they have more or fewer, so that values may belong to other rows.
        """
        try:
            self._reader.finish()
        except DataError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: DataError) -> DataError:
        return DataError("table-damaged", f"cannot read {self._where}, {error}; the file is damaged")


def _array(kind: pa.DataType, piece: ColumnPiece) -> pa.Array:
    buffers = [None if piece.valid is None else pa.py_buffer(piece.valid)]
    if piece.offsets is not None:
        buffers.append(pa.py_buffer(piece.offsets))
    buffers.append(pa.py_buffer(piece.data))
    return pa.Array.from_buffers(kind, piece.rows, buffers, piece.nulls)
