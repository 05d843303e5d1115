"""Training rows from a table of labels.

Knows nothing about nets; needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.errors import DataError
from w2s.evidence import read_table
from w2s.tasks import read_examples
from w2s.train.rows import Rows


def read_rows(
    path: Path | str,
    *,
    weights: str | None = None,
    task: str | None = None,
    game: str = "chess",
    left_out: Callable[[int], None] = lambda _: None,
) -> Rows:
    """The labels of a table, as ``w2s label``, ``w2s filter`` or an arena wrote it.

    A row whose label is null holds no answer, and there is nothing to learn from it.

    Args:
        path: ``.parquet``; its column ``label`` is what the student learns, and where the task is ``answer``
            the text in which it was said, ``raw``, where there is one.
        weights: a column of numbers from 0 on: how much each row counts beside the others.
        task: kind of example, where the table does not say it in its column ``task``.
        game: whose rules hold where the table does not say it.
        left_out: told how many rows hold no answer, where there are any.

    Raises:
        DataError: the table cannot be read, is of another task, has no such column, a weight that is null, or
            no answer at all.
    """
    table = read_table(path)
    for name in ["label", *([weights] if weights else [])]:
        if name not in table.column_names:
            raise DataError(
                "train-column-missing",
                f"{path} has no column {name!r}; it has: {', '.join(table.column_names)}",
            )
    if weights and table.column(weights).null_count:
        row = table.column(weights).is_null().to_pylist().index(True)
        raise DataError(
            "train-weight-null", f"{path}: the weight {weights} of row {row} is null; remove such rows"
        )
    if empty := table.column("label").null_count:
        if empty == table.num_rows:
            raise DataError("train-no-labels", f"{path}: every label is null; there is nothing to learn")
        left_out(empty)
    by_id = {name: _by_id(table, name) for name in ("label", "raw") if name in table.column_names}
    kind = _task(path, table, task)
    examples = [
        example for example in read_examples(path, kind, game) if by_id["label"][example.id] is not None
    ]
    rows = Rows.hard(examples, [by_id["label"][example.id] for example in examples])
    if kind == "answer" and "raw" in by_id:
        rows = replace(rows, said=[by_id["raw"][example.id] for example in examples])
    if weights is None:
        return rows
    column = table.column(weights)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError("train-weights-not-numbers", f"{path}: {weights} holds {column.type}, not numbers")
    given = _by_id(table, weights)
    return replace(rows, weights=np.array([given[example.id] for example in examples], np.float64))


def _by_id(table: pa.Table, name: str) -> dict[str, Any]:
    return dict(zip(table.column("id").to_pylist(), table.column(name).to_pylist(), strict=True))


def _task(path: Path | str, table: pa.Table, named: str | None) -> str:
    """The task that a table says its rows are of; where it says nothing the one that is named, or moves."""
    said = table.column("task")[0].as_py() if "task" in table.column_names and table.num_rows else None
    if said and named not in (said, None):
        raise DataError(
            "train-other-task", f"{path} holds labels of the task {said}, not {named}; leave --task out"
        )
    return str(said or named or "move")
