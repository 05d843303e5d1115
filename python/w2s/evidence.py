"""Labels with their evidence: a table, and vectors in files next to it, joined by ``id``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from w2s.errors import DataError, W2sError
from w2s.evidence_kinds import STATES
from w2s.files import atomic_file

EXAMPLE_ID, PROPOSAL = "example_id", "proposal"
"""Columns of labels with several proposals per example: the example's id, and the rank from 1."""

Vectors = npt.NDArray[np.float32]
RowIndex = npt.NDArray[Any]
"""Positions of rows, or a boolean per row."""


@dataclass(frozen=True, eq=False)
class Labels:
    """One row per label.

    Attributes:
        table: the columns of :data:`w2s.schemas.LABELS` that are known, and any others; ``id`` is text,
            never null, and unique.
        vectors: by name of :data:`w2s.evidence_kinds.STATES`, float32 of shape (n, d), in the order of the
            table; a row is NaN where the label has no vector.

    Raises:
        DataError: ids are missing, null or repeated, or vectors have another number of rows.
    """

    table: pa.Table
    vectors: Mapping[str, Vectors] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_ids(self.table, "the labels")
        for name, vector in self.vectors.items():
            if vector.ndim != 2 or len(vector) != self.table.num_rows:
                raise DataError(
                    "label-vector-rows",
                    f"{name} has shape {vector.shape}, but there are {self.table.num_rows} labels",
                )

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def ids(self) -> list[str]:
        """The ids, in the order of the rows."""
        found: list[str] = self.table.column("id").to_pylist()
        return found

    @property
    def example_ids(self) -> list[str]:
        """Ids of the examples that the labels answer; without proposals the ids of the labels."""
        if EXAMPLE_ID not in self.table.column_names:
            return self.ids
        found: list[str] = self.table.column(EXAMPLE_ID).to_pylist()
        return found

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each label is correct, of shape (n,).

        Raises:
            DataError: there is no column ``correct``, or it has nulls.
        """
        return boolean_column(self, "correct")

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers or of true and false as float64 of shape (n,); NaN where null or not finite.

        Raises:
            DataError: the column does not exist, or it does not hold numbers.
        """
        column = _column(self, name)
        kind = column.type
        if not is_numeric_type(kind):
            raise DataError("label-column-not-numeric", f"column {name!r} holds {kind}, not numbers")
        values = column.combine_chunks().cast(pa.float64()).fill_null(np.nan)
        found = np.array(values.to_numpy(zero_copy_only=False), np.float64)
        found[~np.isfinite(found)] = np.nan
        return found

    def texts(self, name: str) -> list[str | None]:
        """A column of text as n texts, None where null.

        Raises:
            DataError: the column does not exist.
        """
        found: list[str | None] = _column(self, name).to_pylist()
        return found

    def take(self, rows: RowIndex) -> Labels:
        """The labels of some rows: positions, in the order given, or a boolean per row."""
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, np.int64)
        vectors = {name: vector[places] for name, vector in self.vectors.items()}
        return Labels(self.table.take(pa.array(places)), vectors)

    def with_column(self, name: str, values: object) -> Labels:
        """The same labels with one more column, or with that column replaced."""
        return Labels(put_column(self.table, name, values), self.vectors)


_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)


def is_numeric_type(kind: pa.DataType) -> bool:
    """Whether :meth:`Labels.numbers` reads columns of this type."""
    return any(test(kind) for test in _NUMERIC)


def _column(labels: Labels, name: str) -> pa.ChunkedArray:
    if name not in labels.table.column_names:
        raise DataError(
            "label-column-missing",
            f"the labels have no column {name!r}; they have: {', '.join(labels.table.column_names)}",
        )
    return labels.table.column(name)


def _zeros_and_ones(column: pa.Array) -> pa.Array:
    """A column of 0, 1 and null as booleans; any other column unchanged."""
    values = set(pc.unique(column).to_pylist()) - {None}
    return column.cast(pa.bool_()) if values <= {0, 1} else column


def put_column(table: pa.Table, name: str, values: object) -> pa.Table:
    """A table with one more column, or with that column replaced."""
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    at = table.schema.get_field_index(name)
    return table.append_column(name, array) if at < 0 else table.set_column(at, name, array)


def boolean_column(labels: Labels, name: str) -> npt.NDArray[np.bool_]:
    """A boolean column without nulls, of shape (n,).

    Raises:
        DataError: the column does not exist, it is not boolean, or it has nulls.
    """
    values, known = nullable_boolean_column(labels, name)
    if not known.all():
        row = int(np.argmin(known))
        raise DataError(
            "label-column-null",
            f"column {name!r} is null at id {labels.ids[row]!r}; use only the rows where it is known",
        )
    return values


def nullable_boolean_column(labels: Labels, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A boolean column and where it is not null, each of shape (n,).

    Raises:
        DataError: the column does not exist, or it is neither boolean nor 0 and 1.
    """
    column = _column(labels, name).combine_chunks()
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        column = _zeros_and_ones(column)
    if not pa.types.is_boolean(column.type):
        raise DataError(
            "label-column-not-boolean",
            f"column {name!r} holds {column.type}, neither true and false nor 0 and 1",
        )
    known = column.is_valid().to_numpy(zero_copy_only=False)
    return column.fill_null(False).to_numpy(zero_copy_only=False), known


def read_labels(path: Path | str) -> Labels:
    """Labels from a Parquet table and the files of vectors next to it, such as ``hidden.parquet``.

    Raises:
        DataError: a file cannot be read, or ids cannot be joined.
    """
    return join_vectors(_read(Path(path)), Path(path))


def join_vectors(table: pa.Table, path: Path) -> Labels:
    """Labels from a table and the vectors next to the file that it comes from.

    Vectors are joined by id: an id that such a file lacks gets a row of NaN, and an id that the table lacks
    is ignored.

    Raises:
        DataError: a file of vectors cannot be read, or ids cannot be joined.
    """
    check_ids(table, str(path))
    places = {id_: row for row, id_ in enumerate(table.column("id").to_pylist())}
    vectors = {}
    for name in STATES:
        vector_file = path.with_name(f"{name}.parquet")
        if vector_file.exists():
            vectors[name] = _joined(vector_file, places)
    return Labels(table, vectors)


def write_labels(labels: Labels, path: Path | str) -> None:
    """Write the vectors as float16 next to ``path`` and then the table, each file atomically.

    Raises:
        DataError: a vector has a value that float16 cannot hold.
        W2sError: a file cannot be written.
    """
    path = Path(path)
    for name, vector in labels.vectors.items():
        _write(path.with_name(f"{name}.parquet"), _vector_table(labels.ids, name, vector))
    _write(path, labels.table)


def read_table(path: Path | str, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file, or some of its columns.

    Raises:
        DataError: it cannot be read, or lacks one of the columns.
    """
    table = _read(Path(path), columns)
    if missing := [name for name in columns or [] if name not in table.column_names]:
        raise DataError("table-missing-column", f"{path} has no column {', '.join(missing)}; write it again")
    return table


def write_table(table: pa.Table, path: Path | str) -> None:
    """Write a Parquet file atomically.

    Raises:
        W2sError: it cannot be written.
    """
    _write(Path(path), table)


def write_tables(
    tables: Iterable[pa.Table], path: Path | str, metadata: Mapping[bytes, bytes] | None = None
) -> None:
    """Write one or more tables of one schema as a Parquet file, atomically, with one in memory at a time.

    Args:
        tables: at least one table.
        path: the file to write.
        metadata: entries to add to the metadata of the schema.

    Raises:
        W2sError: it cannot be written.
    """
    rest = iter(tables)
    first = next(rest)
    schema = first.schema.with_metadata({**(first.schema.metadata or {}), **(metadata or {})} or None)
    with (
        _new_file(Path(path)) as part,
        pq.ParquetWriter(part, schema, compression="zstd", write_page_checksum=True) as writer,
    ):
        for table in chain([first], rest):
            writer.write_table(table.replace_schema_metadata(schema.metadata))


def check_ids(table: pa.Table, where: str) -> None:
    """Refuse a table whose column ``id`` is missing, not text, null somewhere or not unique.

    Raises:
        DataError: names ``where`` and the first such row or id.
    """
    if "id" not in table.column_names:
        raise DataError("label-id-missing", f"{where}: there is no column id; every label needs one")
    column = table.column("id")
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise DataError("label-id-not-text", f"{where}: ids are {column.type}, not text")
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise DataError("label-id-null", f"{where}: the id of row {row} is null")
    ids = column.to_pylist()
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(id_ for id_ in ids if id_ in seen or seen.add(id_))  # type: ignore[func-returns-value]
        raise DataError("label-duplicate-id", f"{where}: duplicate id {twice!r}; ids must be unique")


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read(columns)
    except FileNotFoundError:
        raise DataError("table-file-missing", f"there is no file {path}") from None
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(
            "table-unreadable", f"cannot read {path} as Parquet: {_reason(error)}; write it again"
        ) from None


def _joined(path: Path, places: Mapping[str, int]) -> Vectors:
    table = _read(path)
    if not {"id", "vector"} <= set(table.column_names):
        raise DataError(
            "label-vector-columns",
            f"{path} needs the columns id and vector; it has {', '.join(table.column_names)}",
        )
    check_ids(table, str(path))
    column = table.column("vector").combine_chunks()
    if not pa.types.is_fixed_size_list(column.type):
        raise DataError(
            "label-vector-not-fixed-size", f"{path}: vector is {column.type}, not a list of fixed size"
        )
    if not is_numeric_type(column.type.value_type):
        raise DataError("label-vector-not-numbers", f"{path}: vector is {column.type}, not a list of numbers")
    rows = [places.get(id_, -1) for id_ in table.column("id").to_pylist()]
    here = np.array(rows, np.int64)
    use = (here >= 0) & column.is_valid().to_numpy(zero_copy_only=False)
    if places and not (here >= 0).any():
        raise DataError(
            "label-vectors-share-no-id",
            f"{path} shares no id with the labels; its vectors are of other labels",
        )
    joined = np.full((len(places), column.type.list_size), np.nan, np.float32)
    joined[here[use]] = _values(column)[use]
    return joined


def _values(column: pa.FixedSizeListArray) -> npt.NDArray[Any]:
    """The values of shape (rows, width); those of null rows are arbitrary."""
    width = column.type.list_size
    flat = column.values.slice(column.offset * width, len(column) * width)
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(-1, width)


def _vector_table(ids: list[str], name: str, vector: Vectors) -> pa.Table:
    missing = np.isnan(vector).all(axis=1) if vector.shape[1] else np.zeros(len(vector), bool)
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(vector, np.float16)
    bad = ~np.isfinite(half).all(axis=1) & ~missing
    if bad.any():
        raise DataError(
            "label-vector-beyond-float16",
            f"{name} of id {ids[int(np.argmax(bad))]!r} has a value that float16 cannot hold",
        )
    half[missing] = 0
    values = pa.FixedSizeListArray.from_arrays(
        pa.array(half.ravel()), vector.shape[1], mask=pa.array(missing) if missing.any() else None
    )
    return pa.table({"id": pa.array(ids, pa.string()), "vector": values})


def _write(path: Path, table: pa.Table) -> None:
    with _new_file(path) as part:
        pq.write_table(table, part, compression="zstd", write_page_checksum=True)


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    try:
        with atomic_file(path) as part:
            yield part
    except (OSError, pa.ArrowException) as error:
        raise W2sError(
            "table-not-writable", f"cannot write {path}: {_reason(error)}; choose another place"
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error).partition("\n")[0][:200].rstrip(". ")
