"""A table on disk: one schema, and the partitions of all its files in order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.tables.arrow_files import open_arrow
from w2s.tables.csv_files import CsvPartition, open_csv
from w2s.tables.formats import Format, format_of
from w2s.tables.inputs import HivePartition, InputFile, hive_columns
from w2s.tables.jsonl import JsonlPartition, open_lines, parse
from w2s.tables.parquet import open_parquet
from w2s.tables.partition import Partition


@dataclass(frozen=True)
class Source:
    """A table of one or many files of one format.

    Attributes:
        schema: the columns; for text formats, the columns of the first lines.
        partitions: partitions in the order of the rows.
        format: format of every file.
        style: Parquet writer options of the first file.
        stamps: path, bytes and modification time of each file; they identify the table.
    """

    schema: pa.Schema
    partitions: tuple[Partition, ...] = field(repr=False)
    format: Format
    style: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stamps: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)

    @property
    def rows(self) -> int | None:
        """Number of rows; None if they are only known after reading."""
        counts = [partition.rows for partition in self.partitions]
        return None if None in counts else sum(filter(None, counts))

    def check_columns(self, names: Iterable[str]) -> None:
        """Refuse a column that the table does not have.

        Raises:
            UsageError: a column is missing; the message has similar names.
        """
        known = self.schema.names
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
                more = "" if len(known) <= 8 else f" and {len(known) - 8} more"
                listed = f"; the columns are {', '.join(known[:8])}{more}"
                hint = f"; did you mean {' or '.join(near)}?" if near else listed
                raise UsageError("table-unknown-column", f"there is no column {name!r}{hint}")
            if known.count(name) > 1:
                raise DataError(
                    "table-repeated-column",
                    f"{known.count(name)} columns have the name {name!r}; rename all but one",
                )

    def with_types(self, types: Mapping[str, pa.DataType]) -> Source:
        """The same table; text formats are read with these column types."""
        if self.format.kind not in {"jsonl", "csv"}:
            return self
        fields = [pa.field(column.name, types.get(column.name, column.type)) for column in self.schema]
        return self._with_schema(pa.schema(fields))

    def complete(self) -> Source:
        """The same table with the columns of all lines, which are all read for that."""
        if self.format.kind != "jsonl":
            return self
        schema = self.schema
        for partition in self.partitions:
            for lines in _lines_of(partition).blocks():
                schema = _unified(schema, parse(lines, partition.where, None).schema, partition.where)
        return self._with_schema(schema)

    def _with_schema(self, schema: pa.Schema) -> Source:
        return replace(
            self,
            schema=schema,
            partitions=tuple(_retyped(partition, schema) for partition in self.partitions),
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


def open_source(files: Sequence[InputFile]) -> Source:
    """Open files as one table.

    Raises:
        UsageError: the files have several formats.
        DataError: a file cannot be read, or its columns differ from those of the first.
    """
    formats = {file.path: format_of(file.path) for file in files}
    kinds = {found.kind for found in formats.values() if found}
    if len(kinds) != 1:
        raise UsageError(
            "table-mixed-formats",
            f"the inputs have several formats ({', '.join(sorted(kinds))}); filter them separately",
        )
    given = hive_columns(files)
    schema: pa.Schema | None = None
    opened = []
    style: Mapping[str, Any] = {}
    for file in files:
        found, partitions, how = _open(file.path, formats[file.path])
        schema = found if schema is None else _agreed(schema, found, files[0].path, file.path)
        style = style or how
        opened.append((file, partitions))
    first = formats[files[0].path]
    assert schema is not None and first is not None
    return Source(
        _extended(schema, given),
        tuple(_partitions(opened, schema, given)),
        first,
        style,
        tuple(_stamp(file.path) for file in files),
    )


def _open(path: Path, found: Format | None) -> tuple[pa.Schema, Sequence[Partition], Mapping[str, Any]]:
    assert found is not None
    if found.kind == "parquet":
        return open_parquet(path)
    schema: pa.Schema
    partitions: Sequence[Partition]
    if found.kind == "arrow":
        schema, partitions = open_arrow(path)
    elif found.kind == "jsonl":
        schema, partitions = open_lines(path, found.compression)
    else:
        schema, partitions = open_csv(path, found.compression)
    return schema, partitions, {}


def _agreed(schema: pa.Schema, found: pa.Schema, first: Path, path: Path) -> pa.Schema:
    """The common schema of two files."""
    if schema.equals(found):
        return schema
    if format_of(path) is not None and format_of(path).kind in {"jsonl", "csv"}:  # type: ignore[union-attr]
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
        ours, theirs = schema.field(name).type, found.field(name).type
        if ours != theirs:
            raise DataError(
                "table-schema-mismatch",
                f"{first} and {path} differ: column {name!r} is {ours} in the first and {theirs} in the "
                "second; make them alike, or filter them separately",
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


def _stamp(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path.resolve()), found.st_size, found.st_mtime_ns
