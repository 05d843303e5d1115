"""CSV files, read a block at a time, with the types that their first lines suggest.

Knows nothing about scores or rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from w2s.errors import DataError
from w2s.tables.formats import Wrapping
from w2s.tables.parquet import first_line
from w2s.tables.piece import Mask, rows_under

_BLOCK_BYTES = 4 << 20
_REMEDY = "a column has the type of its first values: write the others alike, or save the table as Parquet"


@dataclass(frozen=True)
class CsvPiece:
    """All rows of a file."""

    path: Path
    wrapping: Wrapping | None
    schema: pa.Schema = field(repr=False)
    rows: int | None = None

    @property
    def where(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def n_bytes(self) -> int:
        """About the memory of all rows."""
        return self.path.stat().st_size * (8 if self.wrapping else 2)

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return self._read(list(names))

    def kept(self, mask: Mask, together_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return rows_under(self._read(None), mask)

    def _read(self, names: list[str] | None) -> Iterator[pa.Table]:
        types = {column.name: column.type for column in self.schema}
        convert = pyarrow.csv.ConvertOptions(column_types=types, include_columns=names)
        try:
            for batch in _open(self.path, self.wrapping, convert):
                yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"cannot read {self.path}: {first_line(error)}; {_REMEDY}") from None


def _open(
    path: Path, wrapping: Wrapping | None, convert: pyarrow.csv.ConvertOptions | None
) -> pyarrow.csv.CSVStreamingReader:
    stream = pa.input_stream(str(path), compression=wrapping)
    reading = pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.open_csv(stream, reading, parsing, convert)


def open_csv(path: Path, wrapping: Wrapping | None) -> tuple[pa.Schema, list[CsvPiece]]:
    """The schema that the first lines suggest, and the one piece.

    Raises:
        DataError: the file is empty or not CSV.
    """
    try:
        with _open(path, wrapping, None) as reader:
            schema = reader.schema
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {first_line(error)}") from None
    return schema, [CsvPiece(path, wrapping, schema)]
