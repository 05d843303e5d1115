"""Arrow IPC files and streams, read by record batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from w2s.errors import DataError
from w2s.tables.parquet import reason_of
from w2s.tables.partition import Mask, cast_views, rows_under, without_views


@dataclass(frozen=True)
class ArrowPartition:
    """One record batch of a file, or a whole stream, which can only be read from its start."""

    path: Path
    batch: int | None
    rows: int | None
    n_bytes: int

    @property
    def where(self) -> str:
        """The file and the record batch."""
        return str(self.path) if self.batch is None else f"{self.path}, record batch {self.batch}"

    def row_name(self, row: int) -> str:
        """The file, the record batch and the row, counted from 0."""
        return f"{self.where}, row {row}"

    def row_counts(self) -> Iterator[int]:
        """The number of rows."""
        if self.rows is not None:
            yield self.rows
        else:
            yield from (table.num_rows for table in self._read(None))

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return (table.select(list(names)) for table in self._read(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return rows_under(self._read(None), mask)

    def _read(self, names: Sequence[str] | None) -> Iterator[pa.Table]:
        try:
            with pa.memory_map(str(self.path)) as source:
                if self.batch is None:
                    with pa.ipc.open_stream(source) as stream:
                        for batch in stream:
                            yield cast_views(pa.Table.from_batches([batch]))
                    return
                yield cast_views(pa.Table.from_batches([_file(source, names).get_batch(self.batch)]))
        except (OSError, pa.ArrowException) as error:
            raise DataError("table-unreadable", f"cannot read {self.where}: {reason_of(error)}") from None


def _file(source: pa.NativeFile, names: Sequence[str] | None) -> pa.ipc.RecordBatchFileReader:
    file = pa.ipc.open_file(source)
    if names is None:
        return file
    wanted = [file.schema.get_field_index(name) for name in names]
    return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False))


def open_arrow(path: Path) -> tuple[pa.Schema, list[ArrowPartition]]:
    """The schema and one partition per record batch; a stream is a single partition.

    Raises:
        DataError: the file is neither, or is incomplete.
    """
    try:
        with pa.memory_map(str(path)) as source:
            if bytes(source.read(6)) != b"ARROW1":
                source.seek(0)
                schema = without_views(pa.ipc.open_stream(source).schema)
                return schema, [ArrowPartition(path, None, None, source.size())]
            file = pa.ipc.open_file(source)
            count = file.num_record_batches
            size = source.size() // max(1, count)
            rows = [file.get_batch(i).num_rows for i in range(count)]
            schema = without_views(file.schema)
            return schema, [ArrowPartition(path, i, rows[i], size) for i in range(count)]
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {path}: {reason_of(error)}; check that it is a complete Arrow file",
        ) from None
