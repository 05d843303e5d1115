"""Where kept rows are written: Parquet, JSON Lines or Arrow IPC, to a file or to standard output.

Knows nothing about which rows they are.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from w2s.errors import W2sError
from w2s.tables.formats import Format
from w2s.tables.json_text import lines_of

_GROUP_ROWS = 1 << 18


class Sink(Protocol):
    """An open output."""

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Write what is held back, and the end."""
        ...


class ParquetSink:
    """Row groups of a quarter of a million rows, or of as many as fit in the memory given."""

    def __init__(self, target: IO[bytes], schema: pa.Schema, style: Mapping[str, Any], memory: int) -> None:
        self._writer = pq.ParquetWriter(target, schema, **_style_for(schema, style))
        self._memory = memory
        self._held: list[pa.Table] = []
        self._rows = 0
        self._bytes = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._held.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _GROUP_ROWS or self._bytes >= self._memory:
            self._flush()

    def close(self) -> None:
        """Write the last row group and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=_GROUP_ROWS)
        self._held, self._rows, self._bytes = [], 0, 0


def _style_for(schema: pa.Schema, style: Mapping[str, Any]) -> Mapping[str, Any]:
    """The source's options, as far as the columns are the same; zstd for a table that was not Parquet."""
    return style or {"compression": "zstd"}


class ArrowSink:
    """A file of record batches; on standard output, which cannot be sought, a stream of them."""

    def __init__(self, target: IO[bytes], schema: pa.Schema, *, stream: bool) -> None:
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True, unify_dictionaries=True)
        opener = pa.ipc.new_stream if stream else pa.ipc.new_file
        self._writer = opener(target, schema, options=options)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table.combine_chunks())

    def close(self) -> None:
        """Write the end."""
        self._writer.close()


class LinesSink:
    """JSON Lines."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._target.write(lines_of(table))

    def write_lines(self, lines: bytes) -> None:
        """Append lines as they stand."""
        self._target.write(lines)

    def close(self) -> None:
        """Nothing is held back."""


class Output:
    """An output that is open: a sink, and what must be closed after it."""

    def __init__(
        self,
        path: Path | None,
        form: Format,
        schema: pa.Schema,
        *,
        style: Mapping[str, Any] | None = None,
        memory: int = 64 << 20,
    ) -> None:
        """Open a file, or standard output where there is no path."""
        self._stack = ExitStack()
        raw: Any = sys.stdout.buffer if path is None else self._stack.enter_context(path.open("wb"))
        target = self._stack.enter_context(_wrapped(raw, form)) if form.wrapping else raw
        if form.kind == "parquet":
            self.sink: Sink = ParquetSink(target, schema, style or {}, memory)
        elif form.kind == "arrow":
            self.sink = ArrowSink(target, schema, stream=path is None)
        else:
            self.sink = LinesSink(target)
        self._raw = raw

    def close(self) -> None:
        """Write the end."""
        self.sink.close()
        self._stack.close()
        if self._raw is sys.stdout.buffer:
            self._raw.flush()

    def abandon(self) -> None:
        """Close what can be closed; the file is to be thrown away."""
        for step in (self.sink.close, self._stack.close):
            try:
                step()
            except (OSError, ValueError, pa.ArrowException):
                continue  # the disk is full, or the file is closed already


def _wrapped(raw: Any, form: Format) -> Any:
    if form.wrapping == "gzip":
        return gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="")  # the same bytes at any time
    return pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd")


def cannot_write(path: object, error: Exception) -> W2sError:
    """What is said when the disk is full or the folder is closed."""
    reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return W2sError(
        f"cannot write {path}: {reason}; nothing was left there, free space or choose another place"
    )
