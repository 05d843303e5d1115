"""A table as it lies on disk: one schema, and the pieces of all its files in order.

Knows nothing about scores or rules.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.tables.arrow_files import open_arrow
from w2s.tables.comma import CsvPiece, open_csv
from w2s.tables.formats import Format, format_of
from w2s.tables.hive import HivePiece, hive_columns
from w2s.tables.lines import LinesPiece, open_lines, parse
from w2s.tables.parquet import open_parquet
from w2s.tables.piece import Piece
from w2s.tables.places import Place


@dataclass(frozen=True)
class Source:
    """A table of one or many files of one format.

    Attributes:
        schema: its columns; of lines of text, those that the first lines have.
        pieces: in the order of the rows.
        format: of every file.
        style: options that write Parquet as the first file was written.
        stamps: name, bytes and time of change of each file: what identifies the table.
    """

    schema: pa.Schema
    pieces: tuple[Piece, ...] = field(repr=False)
    format: Format
    style: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stamps: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)

    @property
    def rows(self) -> int | None:
        """How many rows, None where that takes reading them."""
        counts = [piece.rows for piece in self.pieces]
        return None if None in counts else sum(filter(None, counts))

    def check_columns(self, names: Iterable[str]) -> None:
        """Refuse a column that the table does not have.

        Raises:
            UsageError: with the nearest names.
        """
        known = self.schema.names
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
                shown = ", ".join(near or known[:8])
                more = "" if near or len(known) <= 8 else f" and {len(known) - 8} more"
                word = "did you mean" if near else "there are"
                raise UsageError(f"there is no column {name!r}: {word} {shown}{more}")
            if known.count(name) > 1:
                raise DataError(f"{known.count(name)} columns are called {name!r}: rename all but one")

    def with_types(self, types: Mapping[str, pa.DataType]) -> Source:
        """The same table, where lines of text are read with these types of columns."""
        if self.format.kind not in {"jsonl", "csv"}:
            return self
        fields = [pa.field(column.name, types.get(column.name, column.type)) for column in self.schema]
        return self._with_schema(pa.schema(fields))

    def complete(self) -> Source:
        """The same table, with every column that some line has: all of it is read for that."""
        if self.format.kind != "jsonl":
            return self
        schema = self.schema
        for piece in self.pieces:
            for lines in _lines_of(piece).blocks():
                schema = _unified(schema, parse(lines, piece.where, None).schema, piece.where)
        return self._with_schema(schema)

    def _with_schema(self, schema: pa.Schema) -> Source:
        return replace(self, schema=schema, pieces=tuple(_retyped(piece, schema) for piece in self.pieces))


def _lines_of(piece: Piece) -> LinesPiece:
    inner = piece.inner if isinstance(piece, HivePiece) else piece
    assert isinstance(inner, LinesPiece)
    return inner


def _retyped(piece: Piece, schema: pa.Schema) -> Piece:
    if isinstance(piece, HivePiece):
        own = [column for column in schema if column.name not in piece.names]
        return replace(piece, inner=_retyped(piece.inner, pa.schema(own)))
    assert isinstance(piece, LinesPiece | CsvPiece)
    return replace(piece, schema=schema)


def open_source(places: Sequence[Place]) -> Source:
    """The table of these files.

    Raises:
        UsageError: files of several formats.
        DataError: a file that cannot be read, or whose columns are not those of the first.
    """
    formats = {place.path: format_of(place.path) for place in places}
    kinds = {found.kind for found in formats.values() if found}
    if len(kinds) != 1:
        raise UsageError(
            f"the inputs are of several formats, {', '.join(sorted(kinds))}: filter them one by one"
        )
    given = hive_columns(places)
    schema: pa.Schema | None = None
    opened = []
    style: Mapping[str, Any] = {}
    for place in places:
        found, pieces, how = _open(place.path, formats[place.path])
        schema = found if schema is None else _agreed(schema, found, places[0].path, place.path)
        style = style or how
        opened.append((place, pieces))
    first = formats[places[0].path]
    assert schema is not None and first is not None
    return Source(
        _extended(schema, given),
        tuple(_pieces(opened, schema, given)),
        first,
        style,
        tuple(_stamp(place.path) for place in places),
    )


def _open(path: Path, found: Format | None) -> tuple[pa.Schema, Sequence[Piece], Mapping[str, Any]]:
    assert found is not None
    if found.kind == "parquet":
        return open_parquet(path)
    schema: pa.Schema
    pieces: Sequence[Piece]
    if found.kind == "arrow":
        schema, pieces = open_arrow(path)
    elif found.kind == "jsonl":
        schema, pieces = open_lines(path, found.wrapping)
    else:
        schema, pieces = open_csv(path, found.wrapping)
    return schema, pieces, {}


def _agreed(schema: pa.Schema, found: pa.Schema, first: Path, path: Path) -> pa.Schema:
    """One schema for two files."""
    if schema.equals(found):
        return schema
    if format_of(path) is not None and format_of(path).kind in {"jsonl", "csv"}:  # type: ignore[union-attr]
        return _unified(schema, found, str(path))
    for name in dict.fromkeys([*schema.names, *found.names]):
        if schema.get_all_field_indices(name) != found.get_all_field_indices(name):
            lacks = path if name not in found.names else first if name not in schema.names else None
            what = (
                f"{lacks} lacks column {name!r}" if lacks else f"column {name!r} stands elsewhere in {path}"
            )
            raise DataError(f"{first} and {path} differ: {what}; write them alike, or filter them one by one")
        ours, theirs = schema.field(name).type, found.field(name).type
        if ours != theirs:
            raise DataError(
                f"{first} and {path} differ: column {name!r} is {ours} in the one and {theirs} in the other; "
                "write them alike, or filter them one by one"
            )
    return schema


def _unified(schema: pa.Schema, found: pa.Schema, where: str) -> pa.Schema:
    try:
        return pa.unify_schemas([schema, found], promote_options="permissive")
    except pa.ArrowException as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{where}: {reason}; a column is to have one type in all files and lines") from None


def _extended(schema: pa.Schema, given: Mapping[str, pa.DataType]) -> pa.Schema:
    for name, kind in given.items():
        if name in schema.names:
            raise DataError(f"column {name!r} is given by the folders and by the files: rename one of them")
        schema = schema.append(pa.field(name, kind))
    return schema


def _pieces(
    opened: Sequence[tuple[Place, Sequence[Piece]]], schema: pa.Schema, given: Mapping[str, pa.DataType]
) -> Iterator[Piece]:
    for place, pieces in opened:
        values = dict(place.hive)
        for piece in pieces:
            own = _retyped(piece, schema) if isinstance(piece, LinesPiece | CsvPiece) else piece
            yield HivePiece(own, values, dict(given)) if given else own


def _stamp(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path.resolve()), found.st_size, found.st_mtime_ns
