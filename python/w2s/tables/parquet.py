"""Parquet files, read by row group and written with the compression that the source had.

Knows nothing about scores or rules.
"""

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
from w2s.tables.piece import Mask, arrow_mask
from w2s.tables.text_pages import TextChunk, TextReader, text_chunk

_STREAM_BYTES = 1 << 20  # of a column chunk at a time, so that no row group is ever whole in memory
_ROWS_TOGETHER = 1 << 17
_LEAST_ROWS = 16


@dataclass(frozen=True)
class ParquetPiece:
    """A row group of a file."""

    path: Path
    group: int
    rows: int
    n_bytes: int
    names: tuple[str, ...] = field(repr=False)
    texts: tuple[TextChunk, ...] = field(repr=False)

    @property
    def where(self) -> str:
        """The file and the row group."""
        return f"{self.path}, row group {self.group}"

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return self._read(_ROWS_TOGETHER, list(names))

    def kept(self, mask: Mask, together_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        if not mask.any():
            return
        row_bytes = max(1, self.n_bytes // max(1, self.rows))
        together = int(np.clip(together_bytes // row_bytes, _LEAST_ROWS, _ROWS_TOGETHER))
        with ExitStack() as stack:
            texts = self._text_readers(mask, stack)
            start = 0
            for rows, table in self._others(together, list(texts)):
                part = mask[start : start + rows]
                start += rows
                count = int(np.count_nonzero(part))
                if count:
                    yield self._joined(table, part, count, texts)

    def _text_readers(self, mask: Mask, stack: ExitStack) -> dict[str, TextReader]:
        """Readers of the columns that are read page by page."""
        readers = {}
        for chunk in self.texts:
            file = stack.enter_context(self.path.open("rb", buffering=0))
            readers[chunk.name] = TextReader(file, chunk, mask, self.where)
        return readers

    def _others(self, together: int, texts: Sequence[str]) -> Iterator[tuple[int, pa.Table | None]]:
        """Rows of the other columns, some at a time; None where there are none."""
        if not texts:
            yield from ((table.num_rows, table) for table in self._read(together, None))
            return
        others = [name for name in self.names if name not in texts]
        if others:
            yield from ((table.num_rows, table) for table in self._read(together, others))
        else:
            yield from ((min(together, self.rows - at), None) for at in range(0, self.rows, together))

    def _joined(
        self, table: pa.Table | None, part: Mask, count: int, texts: dict[str, TextReader]
    ) -> pa.Table:
        kept = table if table is None or count == len(part) else table.filter(arrow_mask(part))
        if not texts and kept is not None:
            return kept
        columns = [texts[name].take(count) if name in texts else kept.column(name) for name in self.names]  # type: ignore[union-attr]
        return pa.Table.from_arrays(columns, names=self.names)

    def _read(self, together: int, names: list[str] | None) -> Iterator[pa.Table]:
        try:
            with pq.ParquetFile(self.path, buffer_size=_STREAM_BYTES, pre_buffer=False) as file:
                for batch in file.iter_batches(together, [self.group], names, use_threads=False):
                    yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"cannot read {self.where}: {first_line(error)}") from None


def open_parquet(path: Path) -> tuple[pa.Schema, list[ParquetPiece], dict[str, Any]]:
    """The schema, the row groups and how the columns are written.

    Raises:
        DataError: the file is not whole or not Parquet.
    """
    try:
        with pq.ParquetFile(path) as file:
            metadata, schema, columns = file.metadata, file.schema_arrow, file.schema
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {first_line(error)}; is it a whole Parquet file?") from None
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    pieces = [
        ParquetPiece(
            path,
            i,
            group.num_rows,
            group.total_byte_size,
            tuple(schema.names),
            _texts(schema, group, columns),
        )
        for i, group in enumerate(groups)
    ]
    return schema, pieces, _style(groups)


def _texts(schema: pa.Schema, group: Any, columns: Any) -> tuple[TextChunk, ...]:
    """The columns of texts that are read page by page."""
    if len(set(schema.names)) < len(schema.names):
        return ()
    found = []
    for i in range(group.num_columns):
        chunk = group.column(i)
        if chunk.physical_type == "BYTE_ARRAY" and "." not in chunk.path_in_schema:
            found.append(text_chunk(schema.field(chunk.path_in_schema), chunk, columns.column(i)))
    return tuple(chunk for chunk in found if chunk is not None)


def _style(groups: Sequence[Any]) -> dict[str, Any]:
    """The writer's options that give columns the compression and the dictionaries they had."""
    if not groups:
        return {}
    chunks = [groups[0].column(i) for i in range(groups[0].num_columns)]
    codecs = {chunk.path_in_schema: _codec(chunk.compression) for chunk in chunks}
    return {
        "compression": codecs,
        "use_dictionary": [chunk.path_in_schema for chunk in chunks if _has_dictionary(chunk)],
    }


def _codec(name: str) -> str:
    known = {"UNCOMPRESSED": "NONE", "LZO": "SNAPPY"}
    return known.get(name, name)


def _has_dictionary(chunk: Any) -> bool:
    """Whether a chunk is held by its dictionary: fewer than 4 bytes a value."""
    return bool(chunk.has_dictionary_page and chunk.total_uncompressed_size < 4 * max(1, chunk.num_values))


def first_line(error: Exception) -> str:
    """The first line of a library's message, or the system's words where it has them."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0][:200]
