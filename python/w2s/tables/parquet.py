"""Parquet files: read by row group, written with the compression of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.tables.parquet_strings import StringChunk, StringReader, string_chunk
from w2s.tables.partition import Mask, arrow_mask, cast_views, has_views, without_views

_STREAM_BYTES = 1 << 20  # of a column chunk at a time, so that no row group is ever whole in memory
_BATCH_ROWS = 1 << 17
_LEAST_ROWS = 16
GZIP_LEVEL = 6
"""Level of everything that is written with gzip."""


@dataclass(frozen=True)
class ParquetPartition:
    """One row group of a file."""

    path: Path
    group: int
    rows: int
    n_bytes: int
    names: tuple[str, ...] = field(repr=False)
    texts: tuple[StringChunk, ...] = field(repr=False)
    views: bool = False
    """Whether Arrow reads a column in a view layout."""

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
        return self._read(_BATCH_ROWS, list(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        if not mask.any():
            return
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
        try:
            with pq.ParquetFile(self.path, buffer_size=_STREAM_BYTES, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_rows, [self.group], names, use_threads=False):
                    table = pa.Table.from_batches([batch])
                    yield cast_views(table) if self.views else table
        except (OSError, pa.ArrowException) as error:
            raise DataError("table-unreadable", f"cannot read {self.where}: {reason_of(error)}") from None


def open_parquet(path: Path) -> tuple[pa.Schema, list[ParquetPartition], dict[str, Any]]:
    """The schema, one partition per row group, and the writer options of the columns.

    Raises:
        DataError: the file is incomplete or not Parquet.
    """
    try:
        with pq.ParquetFile(path) as file:
            metadata, columns = file.metadata, file.schema
            views, schema = has_views(file.schema_arrow), without_views(file.schema_arrow)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {path}: {reason_of(error)}; check that it is a complete Parquet file",
        ) from None
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    partitions = [
        ParquetPartition(
            path,
            i,
            group.num_rows,
            group.total_byte_size,
            tuple(schema.names),
            _texts(schema, group, columns),
            views,
        )
        for i, group in enumerate(groups)
    ]
    return schema, partitions, _style(groups)


def _texts(schema: pa.Schema, group: Any, columns: Any) -> tuple[StringChunk, ...]:
    """The string columns that are read page by page."""
    if len(set(schema.names)) < len(schema.names):
        return ()
    found = []
    for i in range(group.num_columns):
        chunk = group.column(i)
        if chunk.physical_type == "BYTE_ARRAY" and "." not in chunk.path_in_schema:
            found.append(string_chunk(schema.field(chunk.path_in_schema), chunk, columns.column(i)))
    return tuple(chunk for chunk in found if chunk is not None)


def _style(groups: Sequence[Any]) -> dict[str, Any]:
    """Writer options that keep the compression and the dictionaries of the columns.

    Arrow's own level for gzip is 9, which takes many times as long as 6 and saves a few per cent.
    """
    if not groups:
        return {}
    chunks = [groups[0].column(i) for i in range(groups[0].num_columns)]
    codecs = {chunk.path_in_schema: _codec(chunk.compression) for chunk in chunks}
    return {
        "compression": codecs,
        "compression_level": {name: GZIP_LEVEL for name, codec in codecs.items() if codec == "GZIP"} or None,
        "use_dictionary": [chunk.path_in_schema for chunk in chunks if _has_dictionary(chunk)],
    }


def _codec(name: str) -> str:
    known = {"UNCOMPRESSED": "NONE", "LZO": "SNAPPY"}
    return known.get(name, name)


def _has_dictionary(chunk: Any) -> bool:
    """Whether a column chunk is stored by its dictionary: fewer than 4 bytes per value."""
    return bool(chunk.has_dictionary_page and chunk.total_uncompressed_size < 4 * max(1, chunk.num_values))


def reason_of(error: Exception) -> str:
    """A short reason without a full stop: the system's message, or the first line of the library's."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0][:200].rstrip(". ")
