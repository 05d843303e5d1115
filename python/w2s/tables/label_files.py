"""Tables of labels in any format that w2s reads: Parquet, JSON Lines, CSV and Arrow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from w2s.errors import DataError, UsageError
from w2s.evidence import Labels, join_vectors, read_table
from w2s.evidence_kinds import STATES
from w2s.files import file_digest
from w2s.tables.addresses import remote_address
from w2s.tables.formats import format_of
from w2s.tables.inputs import InputFile, find_inputs
from w2s.tables.mirror import remote_names
from w2s.tables.source import open_source

_VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


@dataclass(frozen=True, eq=False)
class LabelFile:
    """Labels and the table that they come from.

    Attributes:
        table: the columns of the file, unchanged.
        labels: the same rows, with ids as text and plain types, and their vectors.
        digest: SHA-256 of the file if it has no column ``id``, so that rows have numbers from 0 as ids; else
            empty. Such ids mean something only for this file.
    """

    table: pa.Table
    labels: Labels
    digest: str = ""


@remote_names()
def read_label_file(path: str) -> LabelFile:
    """Read labels, and the vectors next to the file if it has ids.

    Args:
        path: a file that ends in .parquet, .jsonl, .csv, .arrow or another known ending.

    Raises:
        UsageError: the ending is unknown, or the path is a folder or names several files.
        DataError: there is no such file, it cannot be read, or an id is null or repeated.
    """
    file = _find(path)
    table = _read(file)
    if "id" in table.column_names:
        return LabelFile(table, join_vectors(_plain(table), file.path))
    numbers = pa.array(np.arange(table.num_rows)).cast(pa.string())
    labels = Labels(_plain(table).add_column(0, "id", numbers))
    return LabelFile(table, labels, file_digest(file.path))


@remote_names()
def label_file_digest(path: str) -> str:
    """What identifies the content of a file of labels and of the vectors next to it: a SHA-256.

    Raises:
        UsageError: as :func:`read_label_file`.
        DataError: as :func:`read_label_file`.
    """
    place = _find(path).path
    vectors = [place.with_name(f"{name}.parquet") for name in STATES]
    try:
        digests = [file_digest(one) for one in (place, *vectors) if one == place or one.exists()]
    except OSError as error:
        reason = error.strerror or error
        raise DataError("table-unreadable", f"cannot read {error.filename or place}: {reason}") from None
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _find(path: str) -> InputFile:
    if remote_address(path) is None and Path(path).is_dir():
        raise UsageError("label-folder", f"{path} is a folder; name the file of labels in it")
    files = find_inputs([path])
    if len(files) > 1:
        raise UsageError(
            "label-several-files",
            f"{path} is {len(files)} files; name one file of labels, or join them with w2s filter",
        )
    return _fetched(files[0])


def _fetched(file: InputFile) -> InputFile:
    """The same file; if it is remote, all of it is here, and the vectors next to it."""
    file.whole()
    if file.mirror is not None:
        for name in STATES:
            vectors = file.mirror.sibling(f"{name}.parquet")
            if vectors is not None:
                vectors.fetch_all()
    return file


def _read(file: InputFile) -> pa.Table:
    form = format_of(file.path)
    if form is not None and form.kind == "parquet":
        return read_table(file.path)
    source = open_source([file]).complete({})
    source.require_columns(source.schema.names)
    parts = [part for partition in source.partitions for part in partition.read_columns(source.schema.names)]
    return pa.concat_tables([source.schema.empty_table(), *parts])


def _plain(table: pa.Table) -> pa.Table:
    """The table with ids as text, and without dictionaries and views."""
    for place, column in enumerate(table.schema):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        kind = _VIEWS.get(kind, kind)
        if column.name == "id" and (pa.types.is_integer(kind) or pa.types.is_null(kind)):
            kind = pa.string()
        if kind != column.type:
            table = table.set_column(place, column.name, table.column(place).cast(kind))
    return table
