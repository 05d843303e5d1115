"""Parquet files: read by row group, written with the compression of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.kernels.pages import ChunkPlace, FlatChunk
from w2s.tables.mirror import Mirror
from w2s.tables.parquet_columns import FlatColumn, FlatReader, flat_column
from w2s.tables.parquet_footer import Footer, MirroredChunks, SharedFile, read_footer
from w2s.tables.partition import Mask, cast_views, counted, has_views, reason_of, rows_under, without_views

_BATCH_ROWS = 1 << 17
_LEAST_ROWS = 16
GZIP_LEVEL = 6
"""Level of everything that is written with gzip."""


@dataclass(frozen=True)
class ParquetPartition:
    """One row group of a file."""

    path: Path
    file: SharedFile = field(repr=False)
    group: int
    rows: int
    n_bytes: int
    names: tuple[str, ...] = field(repr=False)
    flat: tuple[tuple[FlatColumn, FlatChunk], ...] = field(repr=False)
    views: bool = False
    """Whether Arrow reads a column in a view layout."""
    only: tuple[str, ...] | None = None
    """The columns of :meth:`masked_rows`, if they are not all."""

    @property
    def where(self) -> str:
        """The file and the row group."""
        return f"{self.path}, row group {self.group}"

    def row_name(self, row: int) -> str:
        """The file, the row group and the row, counted from 0."""
        return f"{self.where}, row {row}"

    def row_counts(self) -> Iterator[int]:
        """The number of rows."""
        yield self.rows

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        with self.file.held(self.group, names):
            yield from self._read(_BATCH_ROWS, list(names))

    def with_columns(self, names: Sequence[str]) -> ParquetPartition:
        """The same rows without other columns."""
        kept = tuple(name for name in self.names if name in names)
        flat = tuple(one for one in self.flat if one[0].name in kept)
        return replace(self, names=kept, only=kept, flat=flat)

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        if mask.any():
            with self.file.held(self.group, self.only):
                yield from self._masked_rows(mask, batch_bytes)

    def _masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        row_bytes = max(1, self.n_bytes // max(1, self.rows))
        batch_rows = int(np.clip(batch_bytes // row_bytes, _LEAST_ROWS, _BATCH_ROWS))
        flat = {column.name for column, _ in self.flat}
        others = [name for name in self.names if name not in flat]
        if not flat:
            yield from rows_under(self._read(batch_rows, None), mask)
            return
        reader = FlatReader(self.path, self.flat, mask, self.where)
        for count, table in self._kept(others, mask, batch_rows):
            columns = reader.take(count)
            arrays = [columns[name] if name in columns else table.column(name) for name in self.names]
            yield pa.Table.from_arrays(arrays, names=self.names)
        reader.finish()

    def _kept(self, names: list[str], mask: Mask, batch_rows: int) -> Iterator[tuple[int, pa.Table]]:
        """Numbers of kept rows, each with the columns that Arrow reads."""
        if names:
            yield from ((table.num_rows, table) for table in rows_under(self._read(batch_rows, names), mask))
            return
        total = int(np.count_nonzero(mask))
        for begin in range(0, total, batch_rows):
            yield min(batch_rows, total - begin), pa.table({})

    def _read(self, batch_rows: int, names: list[str] | None) -> Iterator[pa.Table]:
        return counted(self._batches(batch_rows, names), self.rows, self.where)

    def _batches(self, batch_rows: int, names: list[str] | None) -> Iterator[pa.Table]:
        if names is None and self.only is not None:
            names = list(self.only)
        try:
            file = self.file.reader()
            for batch in file.iter_batches(batch_rows, [self.group], names, use_threads=False):
                table = pa.Table.from_batches([batch])
                yield cast_views(table) if self.views else table
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            self.file.close()
            raise DataError("table-unreadable", f"cannot read {self.where}: {reason_of(error)}") from None


def open_parquet(
    path: Path, mirror: Mirror | None = None
) -> tuple[pa.Schema, list[ParquetPartition], dict[str, Any]]:
    """The schema, one partition per row group, and the writer options of the columns.

    Args:
        path: the file, or the mirror of a remote file.
        mirror: fetches the parts of a remote file.

    Raises:
        DataError: the file is incomplete, damaged, encrypted or not Parquet.
    """
    try:
        footer = read_footer(path, mirror)
        with pq.ParquetFile(path) as file:
            metadata, columns = file.metadata, file.schema
            views, schema = has_views(file.schema_arrow), without_views(file.schema_arrow)
        leaves = [columns.column(i).path for i in range(len(columns))]
        names = tuple(schema.names)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {path}: {reason_of(error)}; check that it is a complete Parquet file",
        ) from None
    roots = tuple(leaf.partition(".")[0] for leaf in leaves)
    shared = SharedFile(path, metadata, None if mirror is None else MirroredChunks(mirror, footer, roots))
    flat = _flat_columns(schema, columns, leaves)
    partitions = [
        ParquetPartition(path, shared, i, rows, n_bytes, names, _flat_chunks(flat, footer, i), views)
        for i, (rows, n_bytes) in enumerate(footer.groups.tolist())
    ]
    return schema, partitions, _style(footer, leaves)


def _flat_columns(schema: pa.Schema, columns: Any, leaves: Sequence[str]) -> dict[int, FlatColumn]:
    """The leaves whose types the core knows."""
    names = set(schema.names)
    if len(names) < len(schema):
        return {}
    found = {
        i: flat_column(schema.field(name), columns.column(i))
        for i, name in enumerate(leaves)
        if name in names
    }
    return {i: column for i, column in found.items() if column is not None}


def _flat_chunks(
    columns: dict[int, FlatColumn], footer: Footer, group: int
) -> tuple[tuple[FlatColumn, FlatChunk], ...]:
    """The columns of a row group that the core reads."""
    chunks = ((column, column.chunk(footer.chunk(group, i))) for i, column in columns.items())
    return tuple((column, chunk) for column, chunk in chunks if chunk is not None)


_CODECS = {0: "NONE", 1: "SNAPPY", 2: "GZIP", 3: "SNAPPY", 4: "BROTLI", 5: "LZ4", 6: "ZSTD", 7: "LZ4"}
"""The name to write each compression with, by its number in the format; LZO cannot be written."""


def _style(footer: Footer, leaves: Sequence[str]) -> dict[str, Any]:
    """Writer options that keep the compression and the dictionaries of the columns.

    Arrow's own level for gzip is 9, which takes many times as long as 6 and saves a few per cent.
    """
    if not len(footer.groups):
        return {}
    chunks = {name: footer.chunk(0, i) for i, name in enumerate(leaves)}
    codecs = {name: _CODECS.get(chunk.codec, "SNAPPY") for name, chunk in chunks.items()}
    return {
        "compression": codecs,
        "compression_level": {name: GZIP_LEVEL for name, codec in codecs.items() if codec == "GZIP"} or None,
        "use_dictionary": [name for name, chunk in chunks.items() if _has_dictionary(chunk)],
    }


def _has_dictionary(chunk: ChunkPlace) -> bool:
    """Whether a column chunk is stored by its dictionary: fewer than 4 bytes per value."""
    return bool(chunk.has_dictionary and chunk.n_bytes < 4 * max(1, chunk.values))
