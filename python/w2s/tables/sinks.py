"""Outputs: Parquet, JSON Lines, Arrow IPC or CSV, to a file or to standard output."""

from __future__ import annotations

import errno
import gzip
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from w2s.errors import UsageError, W2sError
from w2s.files import partial_output
from w2s.tables.formats import Codec, Format
from w2s.tables.json_rows import encode_rows
from w2s.tables.parquet import GZIP_LEVEL
from w2s.tables.partition import reason_of
from w2s.tables.source import require_columns

_GROUP_ROWS = 1 << 18
_FRAME_BYTES = 4 << 20


class Sink(Protocol):
    """An open output."""

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Write buffered rows and the end of the file."""
        ...


class ParquetSink:
    """Parquet with row groups of 262,144 rows, or fewer if memory is short."""

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
    """Writer options of the source; zstd if the source was not Parquet."""
    return style or {"compression": "zstd"}


def style_with(style: Mapping[str, Any], codec: Codec | None) -> Mapping[str, Any]:
    """Writer options of Parquet with another compression."""
    if codec is None:
        return style
    level = GZIP_LEVEL if codec.level is None and codec.name == "gzip" else codec.level
    return {**style, "compression": codec.name.upper(), "compression_level": level}


class ArrowSink:
    """An Arrow IPC file, or a stream on standard output, which cannot seek."""

    def __init__(
        self, target: IO[bytes], schema: pa.Schema, codec: Codec | None = None, *, stream: bool
    ) -> None:
        packed = None if codec is None or codec.name == "none" else pa.Codec(codec.name, codec.level)
        options = pa.ipc.IpcWriteOptions(
            emit_dictionary_deltas=True, unify_dictionaries=True, compression=packed
        )
        opener = pa.ipc.new_stream if stream else pa.ipc.new_file
        self._writer = opener(target, schema, options=options)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table.combine_chunks())

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


class LinesSink:
    """JSON Lines."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._target.write(encode_rows(table))

    def write_lines(self, lines: bytes) -> None:
        """Append lines unchanged."""
        self._target.write(lines)

    def close(self) -> None:
        """Do nothing: nothing is buffered."""


class CsvSink:
    """CSV with a header; texts are quoted, and nulls are empty."""

    def __init__(self, target: IO[bytes], schema: pa.Schema, delimiter: str) -> None:
        options = pyarrow.csv.WriteOptions(delimiter=delimiter, quoting_style="needed")
        self._writer = pyarrow.csv.CSVWriter(target, schema, write_options=options)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is buffered."""
        self._writer.close()


def check_flat(schema: pa.Schema, form: Format) -> None:
    """Refuse columns that a format cannot hold, before any row is read.

    Raises:
        UsageError: the format is CSV and a column is nested or binary.
        DataError: the format is JSON Lines and two columns have one name.
    """
    if form.kind == "jsonl" and len(set(schema.names)) < len(schema.names):
        require_columns(schema, schema.names)
    for column in schema if form.kind == "csv" else ():
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
            raise UsageError(
                "table-nested-csv",
                f"CSV cannot hold column {column.name!r}, which is {column.type}; write .parquet, .jsonl or "
                ".arrow",
            )


class Output:
    """An open output: a sink, and the files to close after it."""

    def __init__(
        self,
        path: Path | None,
        form: Format,
        schema: pa.Schema,
        *,
        style: Mapping[str, Any] | None = None,
        memory: int = 64 << 20,
    ) -> None:
        """Open a file, or standard output if the path is None."""
        self._stack = ExitStack()
        raw: Any = sys.stdout.buffer if path is None else self._stack.enter_context(path.open("wb"))
        target = self._stack.enter_context(_compressed(raw, form)) if form.compression else raw
        sinks: dict[str, Callable[[], Sink]] = {
            "parquet": lambda: ParquetSink(target, schema, style or {}, memory),
            "arrow": lambda: ArrowSink(target, schema, form.codec, stream=path is None or form.is_stream),
            "jsonl": lambda: LinesSink(target),
            "csv": lambda: CsvSink(target, schema, form.delimiter or ","),
        }
        try:
            self.sink = sinks[form.kind]()
        except BaseException:
            self._stack.close()
            raise
        self._raw = raw

    def close(self) -> None:
        """Write the end of the file."""
        self.sink.close()
        self._stack.close()
        if self._raw is sys.stdout.buffer:
            self._raw.flush()

    def abandon(self) -> None:
        """Close as far as possible; the file will be removed."""
        for step in (self.sink.close, self._stack.close):
            try:
                step()
            except (OSError, ValueError, pa.ArrowException):
                continue  # the disk is full, or the file is closed already


def _compressed(raw: Any, form: Format) -> Any:
    level = None if form.codec is None else form.codec.level
    if form.compression == "gzip":
        # Without a time and a name, the bytes are always the same.
        level = GZIP_LEVEL if level is None else level
        return gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=level, mtime=0, filename="")
    if level is not None:
        return _ZstdFrames(raw, pa.Codec("zstd", level))
    return pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd")


class _ZstdFrames(io.RawIOBase):
    """Compresses with zstd at a level, which Arrow's own stream cannot; a frame every 4 MiB."""

    def __init__(self, raw: Any, codec: pa.Codec) -> None:
        self._raw, self._codec = raw, codec
        self._held: list[bytes] = []
        self._bytes = 0
        self._is_empty = True

    def writable(self) -> bool:
        """Always true."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes."""
        part = bytes(data)
        self._held.append(part)
        self._bytes += len(part)
        if self._bytes >= _FRAME_BYTES:
            self._flush()
        return len(part)

    def close(self) -> None:
        """Write the last frame; the file below stays open."""
        if not self.closed:
            super().close()
            if self._bytes or self._is_empty:
                self._flush()

    def _flush(self) -> None:
        text, self._held, self._bytes, self._is_empty = b"".join(self._held), [], 0, False
        self._raw.write(self._codec.compress(text, asbytes=True))


def cannot_write(path: object, error: Exception) -> W2sError:
    """The exception for an output that cannot be written; the remedy depends on the reason."""
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.ENOSPC, errno.EDQUOT}:
        remedy = "free some space, or choose another place"
    else:
        remedy = "choose another place" if number is not None else "choose another format"
    return W2sError(
        "output-not-writable", f"cannot write {path}: {reason_of(error)}; no partial file was left; {remedy}"
    )


def check_writable(out: Path) -> None:
    """Refuse an output whose folder neither exists nor can be made; nothing is made yet.

    Raises:
        W2sError: the nearest folder that exists cannot be written to, or is a file.
    """
    folder = next(parent for parent in out.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise cannot_write(out, NotADirectoryError(errno.ENOTDIR, f"{folder} is a file"))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise cannot_write(out, PermissionError(errno.EACCES, f"no permission to write to {folder}"))


@contextmanager
def output_part(out: Path, *, folder: bool = False) -> Iterator[Path]:
    """The hidden place where an output is written, see :func:`w2s.resume.partial_output`.

    Raises:
        W2sError: nothing can be written there.
    """
    with ExitStack() as stack:
        try:
            part = stack.enter_context(partial_output(out, folder=folder))
        except OSError as error:
            raise cannot_write(out, error) from None
        yield part
