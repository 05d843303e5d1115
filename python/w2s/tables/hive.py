"""Columns that folders such as ``language=en`` give to all rows of their files.

Knows nothing about formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa

from w2s.errors import DataError
from w2s.tables.piece import Mask, Piece
from w2s.tables.places import Place

_NULL = "__HIVE_DEFAULT_PARTITION__"
_INT32 = range(-(1 << 31), 1 << 31)


def hive_columns(places: Sequence[Place]) -> dict[str, pa.DataType]:
    """The columns that the folders give: whole numbers where every value is one, else text.

    Raises:
        DataError: only some files lie in such folders.
    """
    names = [name for name, _ in places[0].hive]
    for place in places:
        if [name for name, _ in place.hive] != names:
            raise DataError(f"{place.path} does not lie in folders {'/'.join(f'{name}=…' for name in names)}")
    values = {name: {dict(place.hive)[name] for place in places} - {_NULL} for name in names}
    return {name: _type(found) for name, found in values.items()}


def _type(values: set[str]) -> pa.DataType:
    try:
        fits = bool(values) and all(int(value) in _INT32 for value in values)
    except ValueError:
        fits = False
    return pa.int32() if fits else pa.string()


@dataclass(frozen=True)
class HivePiece:
    """A piece with the columns of its folders, after its own."""

    inner: Piece
    values: Mapping[str, str]
    types: Mapping[str, pa.DataType]

    @property
    def where(self) -> str:
        """What a message calls it."""
        return self.inner.where

    @property
    def rows(self) -> int | None:
        """How many rows."""
        return self.inner.rows

    @property
    def n_bytes(self) -> int:
        """About the memory of all rows."""
        return self.inner.n_bytes

    @property
    def names(self) -> list[str]:
        """The columns of the folders."""
        return list(self.types)

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        own = [name for name in names if name not in self.types]
        return (self._with(table, names) for table in self.inner.columns(own))

    def kept(self, mask: Mask, together_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return (self._with(table, None) for table in self.inner.kept(mask, together_bytes))

    def _with(self, table: pa.Table, names: Sequence[str] | None) -> pa.Table:
        rows = table.num_rows
        for name, kind in self.types.items():
            if names is None or name in names:
                text = unquote(self.values[name])
                value = None if text == _NULL else int(text) if pa.types.is_integer(kind) else text
                table = table.append_column(pa.field(name, kind), pa.repeat(pa.scalar(value, kind), rows))
        return table if names is None else table.select(list(names))
