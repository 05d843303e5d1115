"""A table on disk: one schema, and the partitions of all its files in order."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError, UsageError, W2sError
from w2s.tables.arrow_files import open_arrow
from w2s.tables.csv_files import CsvPartition, open_csv
from w2s.tables.formats import Format, Kind, format_of
from w2s.tables.inputs import HivePartition, InputFile, hive_columns
from w2s.tables.json_tables import bounded, check_column_count, infer_schema
from w2s.tables.jsonl import JsonlPartition, open_lines
from w2s.tables.parquet import open_parquet
from w2s.tables.partition import NestedPartition, Partition, ProjectedPartition, nested_field


@dataclass(frozen=True)
class Source:
    """A table of one or many files of one format.

    Attributes:
        schema: the columns; for text formats, the columns of the first lines.
        partitions: partitions in the order of the rows.
        format: format of every file.
        style: Parquet writer options of the first file.
        stamps: path, bytes and modification time of each file; they identify the table.
        states: file, inode, bytes and modification time of each file when it was opened.
    """

    schema: pa.Schema
    partitions: tuple[Partition, ...] = field(repr=False)
    format: Format
    style: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stamps: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)
    states: tuple[tuple[InputFile, int, int, int], ...] = field(default=(), repr=False)

    @property
    def rows(self) -> int | None:
        """Number of rows; None if they are only known after reading."""
        counts = [partition.rows for partition in self.partitions]
        return None if None in counts else sum(filter(None, counts))

    def check_unchanged(self) -> None:
        """Refuse a result of files that were replaced or changed since they were opened.

        Raises:
            W2sError: names the file; rows of two versions may be mixed.
        """
        for state in self.states:
            file = state[0]
            if file.mirror is not None:
                file.mirror.check_unchanged()
            elif not file.path.exists() or _state(file) != state:
                raise W2sError(
                    "table-changed",
                    f"{file.path} changed while it was read; nothing was written; run it again",
                )

    def require_columns(self, names: Iterable[str]) -> None:
        """Refuse columns that the table does not have; see :func:`require_columns`."""
        require_columns(self.schema, names)

    def with_types(self, types: Mapping[str, pa.DataType]) -> Source:
        """The same table; text formats are read with these column types."""
        if self.format.kind not in {"jsonl", "csv"}:
            return self
        return self._with_schema(_typed(self.schema, types))

    def with_fields(self, names: Iterable[str]) -> Source:
        """The same table, to read columns from: names such as ``meta.n`` are fields of nested columns."""
        found = {name: field for name in names if (field := nested_field(self.schema, name)) is not None}
        if not found:
            return self
        partitions = tuple(NestedPartition(partition, found) for partition in self.partitions)
        return replace(self, schema=pa.schema([*self.schema, *found.values()]), partitions=partitions)

    def project(self, names: Sequence[str]) -> Source:
        """The same table with only these columns, in this order; they may be fields of nested columns."""
        found = {name: field for name in names if (field := nested_field(self.schema, name)) is not None}
        outer = outer_columns(self.schema, names)
        fields = [found.get(name) or self.schema.field(name) for name in names]
        partitions = tuple(
            ProjectedPartition(partition.with_columns(outer), found, tuple(names))
            for partition in self.partitions
        )
        metadata = {key: text for key, text in (self.schema.metadata or {}).items() if key not in _OF_COLUMNS}
        return replace(self, schema=pa.schema(fields, metadata or None), partitions=partitions)

    def complete(self, types: Mapping[str, pa.DataType], only: Sequence[str] | None = None) -> Source:
        """The same table with the columns of all lines, which are all read for that.

        Args:
            types: types of columns that are known.
            only: the columns that are used; None for all. The others may hold anything.

        Raises:
            DataError: a column has values of several types.
        """
        if self.format.kind != "jsonl":
            return self
        outer = None if only is None else outer_columns(self.schema, only)
        schema = _with_only(self.schema, outer)
        for partition in self.partitions:
            start = 0
            for lines in (piece for block in _lines_of(partition).blocks() for piece in bounded(block)):
                name = partial(_line_after, partition, start)
                found = _with_only(infer_schema(lines, name, typed=types, only=outer), outer)
                schema = _unified(schema, _typed(found, types), partition.where)
                check_column_count(schema, partition.where)
                start += len(lines)
        return self._with_schema(schema)

    def _with_schema(self, schema: pa.Schema) -> Source:
        return replace(
            self,
            schema=schema,
            partitions=tuple(_retyped(partition, schema) for partition in self.partitions),
        )


_OF_COLUMNS = {b"pandas", b"huggingface"}
"""Metadata that describe all columns of a table."""


def outer_columns(schema: pa.Schema, names: Iterable[str]) -> list[str]:
    """The columns that hold columns or fields such as ``meta.n``, without repetition."""
    return list(dict.fromkeys(name if name in schema.names else name.partition(".")[0] for name in names))


def _with_only(schema: pa.Schema, names: Sequence[str] | None) -> pa.Schema:
    """The columns of these names."""
    return schema if names is None else pa.schema([column for column in schema if column.name in names])


def _typed(schema: pa.Schema, types: Mapping[str, pa.DataType]) -> pa.Schema:
    return pa.schema([column.with_type(types.get(column.name, column.type)) for column in schema])


def _line_after(partition: Partition, start: int, line: int) -> str:
    return partition.row_name(start + line)


def require_columns(schema: pa.Schema, names: Iterable[str]) -> None:
    """Refuse a column that a schema does not have, or has twice.

    Raises:
        UsageError: a column is missing; the message has similar names.
        DataError: several columns have the name.
    """
    known = schema.names
    times = Counter(known)
    for name in names:
        if name not in times:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            more = "" if len(known) <= 8 else f" and {len(known) - 8} more"
            listed = f"; the columns are {', '.join(known[:8])}{more}"
            outer = name.partition(".")[0]
            if known.count(outer) == 1 and pa.types.is_nested(schema.field(outer).type):
                listed, near = f"; {outer} is {schema.field(outer).type}", []
            hint = f"; did you mean {' or '.join(near)}?" if near else listed
            raise UsageError("table-unknown-column", f"there is no column {name!r}{hint}")
        if times[name] > 1:
            raise DataError(
                "table-repeated-column",
                f"{times[name]} columns have the name {name!r}; rename all but one",
            )


def _lines_of(partition: Partition) -> JsonlPartition:
    inner = partition.inner if isinstance(partition, HivePartition) else partition
    assert isinstance(inner, JsonlPartition)
    return inner


def _retyped(partition: Partition, schema: pa.Schema) -> Partition:
    if isinstance(partition, HivePartition):
        own = [column for column in schema if column.name not in partition.names]
        return replace(partition, inner=_retyped(partition.inner, pa.schema(own)))
    assert isinstance(partition, JsonlPartition | CsvPartition)
    return replace(partition, schema=schema)


DEFAULT_MEMORY = 800 << 20
"""Bytes for rows where no limit is given."""
_LINE_SHARE, _BATCH_SHARE = 20, 2  # of the memory: the longest line, and the largest record batch


def open_source(
    files: Sequence[InputFile], delimiter: str | None = None, *, memory: int = DEFAULT_MEMORY
) -> Source:
    """Open files as one table.

    Args:
        files: the files.
        delimiter: the character between values of CSV; by default the first line decides.
        memory: bytes for rows; a twentieth of it is the longest line, a half the largest record batch.

    Raises:
        UsageError: the files have several formats, or a delimiter is given for another format than CSV.
        DataError: a file cannot be read, or its columns differ from those of the first.
    """
    formats = {file.path: _format(file.path, delimiter) for file in files}
    first_of = {found.kind: path for path, found in reversed(formats.items())}
    if len(first_of) != 1:
        named = " and ".join(f"{path} is {kind}" for kind, path in first_of.items())
        raise UsageError(
            "table-mixed-formats",
            f"the inputs have several formats ({named}); give files of one format, or use a glob such as "
            "'folder/*.parquet'",
        )
    if delimiter is not None and "csv" not in first_of:
        raise UsageError(
            "table-unused-delimiter", f"`delimiter` is for CSV, but {files[0].path} is not; leave it out"
        )
    given = hive_columns(files)
    schema: pa.Schema | None = None
    opened, states = [], []
    style: Mapping[str, Any] = {}
    for file in files:
        states.append(_state(file))
        found, partitions, how = _OPENERS[formats[file.path].kind](file, formats[file.path], memory)
        schema = found if schema is None else _agreed(schema, found, files[0].path, file.path)
        style = style or how
        opened.append((file, partitions))
    first = formats[files[0].path]
    assert schema is not None
    return Source(
        _extended(schema, given),
        tuple(_partitions(opened, schema, given)),
        first,
        style,
        tuple((file.name, size, time) for file, _, size, time in states),
        tuple(states),
    )


def _format(path: Path, delimiter: str | None) -> Format:
    found = format_of(path)
    assert found is not None  # find_inputs has refused other files
    return replace(found, delimiter=delimiter) if delimiter and found.kind == "csv" else found


_OPENERS: Mapping[
    Kind, Callable[[InputFile, Format, int], tuple[pa.Schema, Sequence[Partition], Mapping[str, Any]]]
] = {
    "parquet": lambda file, _, __: open_parquet(file.path, file.mirror),
    "arrow": lambda file, _, memory: (*open_arrow(file.whole(), memory // _BATCH_SHARE), {}),
    "jsonl": lambda file, form, memory: (
        *open_lines(file.whole(), form.compression, memory // _LINE_SHARE),
        {},
    ),
    "csv": lambda file, form, _: (*open_csv(file.whole(), form.compression, form.delimiter), {}),
}
"""How a file of each kind is opened: its schema, its partitions, and the options that write it alike."""


def _agreed(schema: pa.Schema, found: pa.Schema, first: Path, path: Path) -> pa.Schema:
    """The common schema of two files."""
    if schema.equals(found):
        return schema
    kind = _format(path, None).kind
    if kind == "jsonl":
        return _loosely_unified(schema, found)
    if kind == "csv":
        return _unified(schema, found, str(path))
    for name in dict.fromkeys([*schema.names, *found.names]):
        if schema.get_all_field_indices(name) != found.get_all_field_indices(name):
            lacks = path if name not in found.names else first if name not in schema.names else None
            what = (
                f"{lacks} has no column {name!r}"
                if lacks
                else f"column {name!r} is at another place in {path}"
            )
            raise DataError(
                "table-schema-mismatch",
                f"{first} and {path} differ: {what}; make them alike, or filter them separately",
            )
    for ours, theirs in zip(schema, found, strict=True):
        if ours.type != theirs.type:
            raise DataError(
                "table-schema-mismatch",
                f"{first} and {path} differ: column {ours.name!r} is {ours.type} in the first and "
                f"{theirs.type} in the second; make them alike, or filter them separately",
            )
    return schema


def _unified(schema: pa.Schema, found: pa.Schema, where: str) -> pa.Schema:
    try:
        return pa.unify_schemas([schema, found], promote_options="permissive")
    except pa.ArrowException as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            "table-schema-mismatch", f"{where}: {reason}; a column must have one type in all files and lines"
        ) from None


def _loosely_unified(schema: pa.Schema, found: pa.Schema) -> pa.Schema:
    """The columns of both; columns without a common type become null and cannot be used."""
    fields = []
    columns = [{column.name: column for column in one} for one in (schema, found)]
    for name in dict.fromkeys([*schema.names, *found.names]):
        both = [pa.schema([one[name]]) for one in columns if name in one]
        try:
            fields.append(pa.unify_schemas(both, promote_options="permissive").field(0))
        except pa.ArrowException:
            fields.append(pa.field(name, pa.null()))
    return pa.schema(fields)


def _extended(schema: pa.Schema, given: Mapping[str, pa.DataType]) -> pa.Schema:
    for name, kind in given.items():
        if name in schema.names:
            raise DataError(
                "table-hive-column-conflict",
                f"column {name!r} comes from a folder name and from the files; rename one of them",
            )
        schema = schema.append(pa.field(name, kind))
    return schema


def _partitions(
    opened: Sequence[tuple[InputFile, Sequence[Partition]]],
    schema: pa.Schema,
    given: Mapping[str, pa.DataType],
) -> Iterator[Partition]:
    for file, partitions in opened:
        values = dict(file.hive)
        for partition in partitions:
            own = (
                _retyped(partition, schema)
                if isinstance(partition, JsonlPartition | CsvPartition)
                else partition
            )
            yield HivePartition(own, values, dict(given)) if given else own


def _state(file: InputFile) -> tuple[InputFile, int, int, int]:
    """A file, its inode, size and time; the inode distinguishes files of the same moment."""
    if file.mirror is not None:
        return file, 0, file.mirror.info.size, file.mirror.info.time
    try:
        found = file.path.stat()
    except OSError as error:
        raise DataError("table-unreadable", f"cannot read {file.path}: {error.strerror}") from None
    return file, found.st_ino, found.st_size, found.st_mtime_ns
