"""Parquet files: read by row group, written with the compression of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.kernels.pages import ChunkPlace
from w2s.tables.mirror import Mirror
from w2s.tables.parquet_footer import Footer, MirroredChunks, SharedFile, read_footer
from w2s.tables.parquet_strings import StringChunk, StringReader, is_text_column, string_chunk
from w2s.tables.partition import Mask, arrow_mask, cast_views, counted, has_views, reason_of, without_views

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
    texts: tuple[StringChunk, ...] = field(repr=False)
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
        return replace(
            self, names=kept, only=kept, texts=tuple(one for one in self.texts if one.name in kept)
        )

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        if mask.any():
            with self.file.held(self.group, self.only):
                yield from self._masked_rows(mask, batch_bytes)

    def _masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        row_bytes = max(1, self.n_bytes // max(1, self.rows))
        batch_rows = int(np.clip(batch_bytes // row_bytes, _LEAST_ROWS, _BATCH_ROWS))
        with ExitStack() as stack:
            texts = self._text_readers(mask, stack)
            start = 0
            for rows, table in self._others(batch_rows, list(texts)):
                part = mask[start : start + rows]
                start += rows
                count = int(np.count_nonzero(part))
                if count:
                    yield self._joined(table, part, count, texts)
            for reader in texts.values():
                reader.check_rest()

    def _text_readers(self, mask: Mask, stack: ExitStack) -> dict[str, StringReader]:
        """Readers of the columns that are read page by page."""
        readers = {}
        for chunk in self.texts:
            file = stack.enter_context(self.path.open("rb", buffering=0))
            readers[chunk.name] = StringReader(file, chunk, mask, self.where)
        return readers

    def _others(self, batch_rows: int, texts: Sequence[str]) -> Iterator[tuple[int, pa.Table | None]]:
        """Batches of the other columns; None as the table if there are no other columns."""
        if not texts:
            yield from ((table.num_rows, table) for table in self._read(batch_rows, None))
            return
        others = [name for name in self.names if name not in texts]
        if others:
            yield from ((table.num_rows, table) for table in self._read(batch_rows, others))
        else:
            yield from ((min(batch_rows, self.rows - at), None) for at in range(0, self.rows, batch_rows))

    def _joined(
        self, table: pa.Table | None, part: Mask, count: int, texts: dict[str, StringReader]
    ) -> pa.Table:
        kept = table if table is None or count == len(part) else table.filter(arrow_mask(part))
        if not texts and kept is not None:
            return kept
        columns = [texts[name].take(count) if name in texts else kept.column(name) for name in self.names]  # type: ignore[union-attr]
        return pa.Table.from_arrays(columns, names=self.names)

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
    texts = _text_columns(schema, columns, leaves)
    partitions = [
        ParquetPartition(path, shared, i, rows, n_bytes, names, _texts(texts, footer, i), views)
        for i, (rows, n_bytes) in enumerate(footer.groups.tolist())
    ]
    return schema, partitions, _style(footer, leaves)


def _text_columns(schema: pa.Schema, columns: Any, leaves: Sequence[str]) -> dict[int, tuple[pa.Field, bool]]:
    """The leaves that may be read page by page: their fields, and whether values can be null."""
    names = set(schema.names)
    if len(names) < len(schema):
        return {}
    found = {}
    for i, name in enumerate(leaves):
        if name in names:
            column, one = columns.column(i), schema.field(name)
            if is_text_column(one, column):
                found[i] = one, column.max_definition_level == 1
    return found


def _texts(columns: dict[int, tuple[pa.Field, bool]], footer: Footer, group: int) -> tuple[StringChunk, ...]:
    """The string columns of a row group that are read page by page."""
    chunks = (
        string_chunk(one, footer.chunk(group, i), nullable=nullable) for i, (one, nullable) in columns.items()
    )
    return tuple(chunk for chunk in chunks if chunk is not None)


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
