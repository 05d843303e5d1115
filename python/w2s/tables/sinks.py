"""Outputs: Parquet, JSON Lines, Arrow IPC or CSV, to a file or to standard output."""

from __future__ import annotations

import errno
import gzip
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from w2s.errors import UsageError, W2sError
from w2s.files import partial_output
from w2s.locks import check_output, lock_output
from w2s.tables.addresses import open_storage, parse_address
from w2s.tables.formats import STREAM, Format, format_named, format_to_write
from w2s.tables.json_rows import encode_rows
from w2s.tables.parquet import GZIP_LEVEL
from w2s.tables.partition import reason_of
from w2s.tables.remote_output import RemoteOutput
from w2s.tables.source import Source, require_columns

_GROUP_ROWS = 1 << 18


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


class ArrowSink:
    """An Arrow IPC file, or a stream on standard output, which cannot seek."""

    def __init__(self, target: IO[bytes], schema: pa.Schema, *, stream: bool) -> None:
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True, unify_dictionaries=True)
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
            "arrow": lambda: ArrowSink(target, schema, stream=path is None or form.is_stream),
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
    if form.compression == "gzip":
        # Without a time and a name, the bytes are always the same.
        return gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=GZIP_LEVEL, mtime=0, filename="")
    return pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd")


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


@dataclass(frozen=True)
class OutputSpec:
    """Where kept rows are written.

    Attributes:
        path: a file, or a folder of shards; None for standard output and remote outputs.
        format: the format; None for that of the input.
        shards: number of files in a folder; None for a single file.
        overwrite: whether an existing output is replaced.
        remote: the output in a remote storage.
    """

    path: Path | None
    format: Format | None
    shards: int | None
    overwrite: bool
    remote: RemoteOutput | None = None

    @property
    def name(self) -> str:
        """The path, the address, or ``-``."""
        return str((self.remote.address if self.remote else self.path) or STREAM)

    def format_for(self, source: Source) -> Format:
        """The format to write; rows of CSV become JSON Lines by default."""
        own = source.format if source.format.kind != "csv" else Format("jsonl", source.format.compression)
        return self.format or own


def output_lock(output: OutputSpec | None) -> AbstractContextManager[None]:
    """Hold the output while it is made, see :func:`w2s.locks.lock_output`; standard output needs no lock."""
    if output is not None and output.remote is not None:
        return output.remote.lock()
    return nullcontext() if output is None or output.path is None else lock_output(output.path)


def parse_output(
    out: str | Path | None, output_format: str | None, shards: int | None, *, overwrite: bool
) -> OutputSpec | None:
    """Check the options of the output, before anything is read; None if nothing is written.

    Raises:
        UsageError: a format is unknown or cannot be written, or the shards have no folder.
        W2sError: nothing can be written there.
    """
    wanted = None if output_format is None else format_named(output_format)
    if shards is not None and shards < 1:
        raise UsageError("filter-invalid-shards", f"`shards` is {shards}; give at least 1")
    if out is None:
        return None
    text = str(out)
    if text == STREAM:
        if shards is not None:
            raise UsageError(
                "filter-shards-need-folder", "standard output cannot be split into `shards`; give a folder"
            )
        return OutputSpec(None, wanted, None, overwrite)
    address = parse_address(text, is_output=True)
    if address is not None:
        is_file = "." in address.name and not text.endswith("/")
        form = _output_format(text, is_file, wanted, output_format, shards)
        remote = RemoteOutput(open_storage(address), not is_file)
        return OutputSpec(None, form, None if is_file else shards or 1, overwrite, remote)
    check_output(Path(text))
    path = Path(text).resolve() if Path(text).is_symlink() else Path(text)
    is_file = bool(path.suffix) and not path.is_dir() and not text.endswith("/")
    form = _output_format(text, is_file, wanted, output_format, shards)
    check_writable(path)
    return OutputSpec(path, form, None if is_file else shards or 1, overwrite)


def _output_format(
    text: str, is_file: bool, wanted: Format | None, name: str | None, shards: int | None
) -> Format | None:
    """The format of an output: of a file, what its ending says; of a folder, what the user wants."""
    if not is_file:
        return wanted
    if shards is not None:
        folder = text.removesuffix("".join(Path(text).suffixes[-1:]))
        raise UsageError(
            "filter-shards-need-folder",
            f"`shards` are written into a folder; use {folder}/ instead of {text}",
        )
    given = format_to_write(text)
    if wanted not in {None, given}:
        raise UsageError(
            "filter-two-output-formats",
            f"`output_format` is {name}, but {text} names another format; leave one of them out",
        )
    return given
