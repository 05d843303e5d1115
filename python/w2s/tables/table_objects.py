"""Tables of other libraries, given as objects: in memory, or as a stream that is copied to a temporary file.

No library is imported here except pyarrow. What an object can do decides how it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from w2s.errors import DataError, UsageError, W2sError
from w2s.tables.formats import Format
from w2s.tables.inputs import InputFile
from w2s.tables.partition import Mask, cast_views, has_views, reason_of, rows_under, without_views
from w2s.tables.source import Source, open_source
from w2s.tables.temporary_folder import TemporaryFolder

_PARTITION_ROWS = 1 << 18
_BATCH_ROWS = 1 << 16
_LARGEST_SHARE = 16  # of the memory: a record batch of the temporary file
_GIVE = (
    "give paths of files, or a table: anything with __arrow_c_stream__, such as a table of pyarrow, "
    "a frame of pandas or polars, or a relation of DuckDB"
)


@dataclass(frozen=True)
class TablePartition:
    """Consecutive rows of a table in memory; they are not copied."""

    table: pa.Table = field(repr=False)
    start: int

    @property
    def where(self) -> str:
        """The table."""
        return "the table"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    @property
    def n_bytes(self) -> int:
        """Bytes of all rows."""
        return int(self.table.nbytes)

    def row_name(self, row: int) -> str:
        """The row of the whole table, counted from 0."""
        return f"row {self.start + row} of the table"

    def row_counts(self) -> Iterator[int]:
        """The number of rows."""
        yield self.rows

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return self._read(self.table.select(list(names)))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return rows_under(self._read(self.table), mask)

    def with_columns(self, names: Sequence[str]) -> TablePartition:
        """The same rows without other columns."""
        return replace(
            self, table=self.table.select([name for name in self.table.column_names if name in names])
        )

    def _read(self, table: pa.Table) -> Iterator[pa.Table]:
        for start in range(0, table.num_rows, _BATCH_ROWS):
            yield cast_views(table.slice(start, _BATCH_ROWS))


def is_table_object(given: object) -> bool:
    """Whether an object holds rows with named columns, or gives them as a stream."""
    return _is_lazy_frame(given) or _is_data_set(given) or hasattr(given, "__arrow_c_stream__")


def not_a_table(given: object) -> UsageError:
    """The exception for an input that is neither a path nor a table."""
    what = "an empty list" if given in ([], ()) else f"a {type(given).__name__}"
    return UsageError("filter-input-not-table", f"`inputs` is {what}; {_GIVE}")


def open_table(
    given: Any, folder: TemporaryFolder, memory: int, check: Callable[[pa.Schema], None]
) -> Source:
    """Open a table that another library holds.

    A table in memory is read where it is. A stream is copied to an Arrow file in the folder, because a filter
    reads its input twice; so is a lazy frame, which is computed in batches.

    Args:
        given: the object.
        folder: where a stream is copied to.
        memory: bytes for rows.
        check: sees the columns of a stream before it is copied, and may refuse them.

    Raises:
        UsageError: the object holds a column or nothing that Arrow knows.
        W2sError: the disk is full.
    """
    if _is_data_set(given) and getattr(given, "_indices", given) is None:
        given = given.data.table  # rows in their order, mapped from the disk
    if _is_in_memory(given):
        return _source_in_memory(_as_table(given))
    schema, batches = _stream(given)
    check(without_views(schema))
    path = _copy(schema, batches, folder, memory)
    source = open_source([InputFile(path)], memory=memory)
    return Source(source.schema.with_metadata(schema.metadata), source.partitions, Format("parquet"))


def _is_lazy_frame(given: object) -> bool:
    return hasattr(given, "collect_schema") and hasattr(given, "collect") and hasattr(given, "lazy")


def _is_data_set(given: object) -> bool:
    """Whether it is a data set of the library ``datasets``."""
    return hasattr(given, "with_format") and hasattr(given, "iter") and hasattr(given, "features")


def _is_in_memory(given: object) -> bool:
    if isinstance(given, pa.Table | pa.RecordBatch):
        return True
    package = type(given).__module__.partition(".")[0]
    return package in {"pandas", "polars"} and type(given).__name__ == "DataFrame"


def _as_table(given: object) -> pa.Table:
    try:
        return given if isinstance(given, pa.Table) else pa.table(given)
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError) as error:
        raise _unusable(given, error) from None


def _source_in_memory(table: pa.Table) -> Source:
    starts = range(0, table.num_rows, _PARTITION_ROWS)
    partitions = tuple(TablePartition(table.slice(start, _PARTITION_ROWS), start) for start in starts)
    return Source(without_views(table.schema), partitions, Format("parquet"))


def _stream(given: Any) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    """The schema of a stream, and its record batches."""
    try:
        if _is_data_set(given):
            return _data_set_stream(given)
        if _is_lazy_frame(given) and not hasattr(given, "__arrow_c_stream__"):
            return _lazy_frame_stream(given)
        reader = pa.RecordBatchReader.from_stream(given)
    except W2sError:
        raise
    except Exception as error:  # noqa: BLE001 - of a library that is not known here
        raise _unusable(given, error) from None
    return reader.schema, reader


def _lazy_frame_stream(given: Any) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """A lazy frame of polars, which is computed in batches where polars can do so."""
    columns = given.collect_schema()
    empty = _as_table(columns.to_frame() if hasattr(columns, "to_frame") else given.head(0).collect())

    def batches() -> Iterator[pa.RecordBatch]:
        frames = given.collect_batches(maintain_order=True) if hasattr(given, "collect_batches") else None
        for frame in frames if frames is not None else [given.collect()]:
            yield from _as_table(frame).cast(empty.schema).to_batches()

    return empty.schema, batches()


def _data_set_stream(given: Any) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    tables: Iterator[pa.Table] = iter(given.with_format("arrow").iter(batch_size=_BATCH_ROWS // 16))
    first = next(tables, None)
    if first is None:
        raise DataError("table-empty", "the data set has no row")

    def batches() -> Iterator[pa.RecordBatch]:
        yield from first.to_batches()
        for table in tables:
            yield from table.cast(first.schema).to_batches()

    return first.schema, batches()


def _unusable(given: object, error: Exception) -> UsageError:
    return UsageError(
        "filter-input-not-table",
        f"`inputs` is a {type(given).__name__} that holds no table ({reason_of(error)}); {_GIVE}",
    )


def _copy(schema: pa.Schema, batches: Iterable[pa.RecordBatch], folder: TemporaryFolder, memory: int) -> Path:
    """Write the batches to an Arrow file; to an Arrow stream if dictionaries may change between them."""
    plain = without_views(schema)
    may_change = any(_has_dictionary(column.type) for column in plain)
    path = folder.path / ("stream.arrows" if may_change else "stream.arrow")
    opener = pa.ipc.new_stream if may_change else pa.ipc.new_file
    largest = memory // _LARGEST_SHARE
    try:
        folder.make()
        with opener(str(path), plain) as writer:
            for batch in batches:
                for piece in _pieces(batch, largest):
                    writer.write_batch(piece.cast(plain) if has_views(piece.schema) else piece)
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise W2sError(
                "filter-no-temporary-space",
                f"cannot copy the stream to {folder.path}: {reason_of(error)}; set TMPDIR to a larger folder",
            ) from None
        raise DataError("table-unreadable", f"cannot read the stream: {reason_of(error)}") from None
    return path


def _pieces(batch: pa.RecordBatch, largest: int) -> Iterator[pa.RecordBatch]:
    """Parts of a batch with at most about ``largest`` bytes each."""
    rows = max(1, batch.num_rows)
    step = max(1, min(_BATCH_ROWS, int(rows * largest / max(1, batch.nbytes))))
    return (batch.slice(start, step) for start in range(0, batch.num_rows, step))


def _has_dictionary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return True
    if isinstance(kind, pa.BaseExtensionType):
        return _has_dictionary(kind.storage_type)
    return any(_has_dictionary(kind.field(i).type) for i in range(kind.num_fields))
