"""Training rows from a table of labels.

Knows nothing about nets; needs no torch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.evidence import read_table
from w2s.tasks import read_examples
from w2s.train.rows import Rows


def read_rows(path: Path | str, *, weights: str | None = None, game: str = "chess") -> Rows:
    """The labels of a table, as ``w2s label``, ``w2s filter`` or an arena wrote it.

    Args:
        path: ``.parquet``; its column ``label`` is what the student learns.
        weights: a column of numbers from 0 on: how much each row counts beside the others.
        game: whose rules hold where the table does not say it.

    Raises:
        DataError: the table cannot be read, has no such column, or a null in it.
    """
    table = read_table(path)
    columns = ["label", *([weights] if weights else [])]
    for name in columns:
        if name not in table.column_names:
            raise DataError(f"{path} has no column {name!r}; there are: {', '.join(table.column_names)}")
        if table.column(name).null_count:
            row = table.column(name).is_null().to_pylist().index(True)
            raise DataError(f"{path}: {name} of row {row} is null: leave such rows out")
    labels = dict(zip(table.column("id").to_pylist(), table.column("label").to_pylist(), strict=True))
    examples = read_examples(path, game=game)
    rows = Rows.hard(examples, [labels[example.id] for example in examples])
    if weights is None:
        return rows
    column = table.column(weights)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(f"{path}: {weights} holds {column.type}, not numbers")
    by_id = dict(zip(table.column("id").to_pylist(), column.to_pylist(), strict=True))
    return Rows(
        rows.examples, rows.targets, np.array([by_id[example.id] for example in examples], np.float64)
    )
