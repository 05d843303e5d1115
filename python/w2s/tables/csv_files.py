"""CSV files, read in blocks; the first lines decide the types of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from w2s.errors import DataError
from w2s.tables.formats import Compression
from w2s.tables.partition import Mask, check_utf8, reason_of, rows_under

_BLOCK_BYTES = 4 << 20
_HEAD_BYTES = 1 << 16
_DELIMITERS = ",;\t|"
_REMEDY = "the first values decide the type of a column; write the others alike, or save the table as Parquet"


@dataclass(frozen=True)
class CsvPartition:
    """All rows of a file."""

    path: Path
    compression: Compression | None
    delimiter: str
    schema: pa.Schema = field(repr=False)
    rows: int | None = None
    only: tuple[str, ...] | None = None
    """The columns of :meth:`masked_rows`, if they are not all."""

    @property
    def where(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def n_bytes(self) -> int:
        """About the memory of all rows."""
        return self.path.stat().st_size * (8 if self.compression else 2)

    def row_name(self, row: int) -> str:
        """The file and the row after the header, counted from 0."""
        return f"{self.path}, row {row}"

    def row_counts(self) -> Iterator[int]:
        """Numbers of rows, by block."""
        return (table.num_rows for table in self._read(self.schema.names[:1]))

    def read_columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Every row, with only these columns."""
        return self._read(list(names))

    def masked_rows(self, mask: Mask, batch_bytes: int) -> Iterator[pa.Table]:
        """Every column of the rows under a mask."""
        return rows_under(self._read(None if self.only is None else list(self.only)), mask)

    def with_columns(self, names: Sequence[str]) -> CsvPartition:
        """The same rows without other columns."""
        return replace(self, only=tuple(names))

    def _read(self, names: list[str] | None) -> Iterator[pa.Table]:
        types = {column.name: column.type for column in self.schema}
        convert = pyarrow.csv.ConvertOptions(column_types=types, include_columns=names)
        try:
            for batch in _open(self.path, self.compression, self.delimiter, convert):
                yield pa.Table.from_batches([batch])
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                "table-unreadable", f"cannot read {self.path}: {reason_of(error)}; {_REMEDY}"
            ) from None


def _open(
    path: Path,
    compression: Compression | None,
    delimiter: str,
    convert: pyarrow.csv.ConvertOptions | None,
) -> pyarrow.csv.CSVStreamingReader:
    stream = pa.input_stream(str(path), compression=compression)
    reading = pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)
    parsing = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    return pyarrow.csv.open_csv(stream, reading, parsing, convert)


def open_csv(
    path: Path, compression: Compression | None, delimiter: str | None = None
) -> tuple[pa.Schema, list[CsvPartition]]:
    """The schema of the first lines, and one partition.

    Args:
        path: the file.
        compression: its compression.
        delimiter: the character between values; by default the most frequent one in the first line.

    Raises:
        DataError: the file is empty or not CSV.
    """
    try:
        head = _head(path, compression)
        check_utf8(head, str(path))
        delimiter = delimiter or _delimiter(head)
        with _open(path, compression, delimiter, None) as reader:
            schema = reader.schema
        schema.names  # noqa: B018 - decodes them
    except UnicodeDecodeError as error:
        raise DataError(
            "table-unreadable",
            f"cannot read {path}: the name of a column is not UTF-8: {error.object[:40]!a}; save it as UTF-8",
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise DataError("table-unreadable", f"cannot read {path}: {reason_of(error)}") from None
    return schema, [CsvPartition(path, compression, delimiter, schema)]


def _head(path: Path, compression: Compression | None) -> bytes:
    with pa.input_stream(str(path), compression=compression) as stream:
        head: bytes = stream.read(_HEAD_BYTES)
    return head


def _delimiter(head: bytes) -> str:
    """The most frequent delimiter in the first line, outside quotation marks; a comma if there is none."""
    line = "".join(head.decode("utf-8", "replace").split('"')[::2]).partition("\n")[0]
    return max(_DELIMITERS, key=line.count)
