"""Arrow IPC files and streams, read by record batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from w2s.errors import DataError
from w2s.tables.arrow_messages import MAGIC, batch_rows
from w2s.tables.partition import Mask, cast_views, counted, reason_of, rows_under, without_views


@dataclass(frozen=True)
class ArrowPartition:
    """One record batch of a file, or a whole stream, which can only be read from its start."""

    path: Path
    batch: int | None
    rows: int
    n_bytes: int
    only: tuple[str, ...] | None = None
    """The columns of :meth:`masked_rows`, if they are not all."""

    @property
    def where(self) -> str:
        """The file and the record batch."""
        return str(self.path) if self.batch is None else f"{self.path}, record batch {self.batch}"

    def row_name(self, row: int) -> str:
        """The file, the record batch and the row, counted from 0."""
        return f"{self.where}, row {row}"

    def row_counts(self) -> Iterator[int]:
        """The number of rows."""
        yield self.rows

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return (table.select(list(names)) for table in self._read(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return rows_under(self._read(self.only), mask)

    def with_columns(self, names: Sequence[str]) -> ArrowPartition:
        """The same rows without other columns."""
        return replace(self, only=tuple(names))

    def _read(self, names: Sequence[str] | None) -> Iterator[pa.Table]:
        return counted(self._batches(names), self.rows, self.where)

    def _batches(self, names: Sequence[str] | None) -> Iterator[pa.Table]:
        try:
            with pa.memory_map(str(self.path)) as source:
                if self.batch is not None:
                    yield _checked(_file(source, names).get_batch(self.batch))
                    return
                with pa.ipc.open_stream(source) as stream:
                    for batch in stream:
                        yield _checked(batch)
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise DataError("table-unreadable", f"cannot read {self.where}: {reason_of(error)}") from None


def _checked(batch: pa.RecordBatch) -> pa.Table:
    """A batch whose buffers hold what their types say; Arrow itself reads beyond the end of others."""
    batch.validate(full=True)
    return cast_views(pa.Table.from_batches([batch]))


def _file(source: pa.NativeFile, names: Sequence[str] | None) -> pa.ipc.RecordBatchFileReader:
    file = pa.ipc.open_file(source)
    if names is None:
        return file
    wanted = [file.schema.get_field_index(name) for name in names]
    return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False))


def open_arrow(path: Path, largest: int) -> tuple[pa.Schema, list[ArrowPartition]]:
    """The schema and one partition per record batch; a stream is a single partition.

    Args:
        path: the file.
        largest: bytes that one record batch may hold, decompressed.

    Raises:
        DataError: the file is neither, is incomplete, or claims larger batches.
    """
    try:
        with pa.memory_map(str(path)) as source:
            size = source.size()
            is_stream = bytes(source.read(len(MAGIC))) != MAGIC
            source.seek(0)
            rows = batch_rows(memoryview(source.read_buffer(size)), largest, str(path))
            source.seek(0)
            schema = without_views((pa.ipc.open_stream if is_stream else pa.ipc.open_file)(source).schema)
            schema.names  # noqa: B018 - decodes all names
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {path}: {reason_of(error)}; check that it is a complete Arrow file",
        ) from None
    if is_stream:
        return schema, [ArrowPartition(path, None, sum(rows), size)]
    return schema, [ArrowPartition(path, i, count, size // len(rows)) for i, count in enumerate(rows)]
