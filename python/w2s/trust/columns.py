"""Columns of labels as numbers: null is NaN, and text is compared with the label."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.kernels.numbers import Doubles


def is_numeric(labels: Labels, name: str) -> bool:
    """Whether a column holds numbers or booleans."""
    kind = labels.table.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def is_text(labels: Labels, name: str) -> bool:
    """Whether a column holds text."""
    kind = labels.table.schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def numbers(labels: Labels, name: str) -> Doubles:
    """Read a column as n numbers, NaN where null or not finite.

    Raises:
        DataError: the column does not exist or does not hold numbers.
    """
    _check_exists(labels, name)
    if not is_numeric(labels, name):
        raise DataError(
            "trust-column-not-numeric",
            f"column {name} holds {labels.table.schema.field(name).type}, not numbers",
        )
    column = labels.table.column(name).combine_chunks().cast(pa.float64())
    values = np.array(column.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def equals_label(labels: Labels, name: str) -> Doubles:
    """Compare a column of text with the label: 1 where equal, else 0; NaN where either is null.

    Raises:
        DataError: one of the columns does not exist or does not hold text.
    """
    _check_exists(labels, name)
    if not is_text(labels, name) or "label" not in labels.table.column_names:
        raise DataError(
            "trust-column-not-text",
            f"column {name} cannot be compared with label: both must be columns of text",
        )
    table = labels.table
    same = pc.equal(table.column(name).cast(pa.string()), table.column("label").cast(pa.string()))
    column = same.combine_chunks() if isinstance(same, pa.ChunkedArray) else same
    values = column.cast(pa.float64()).fill_null(np.nan)
    return np.array(values.to_numpy(zero_copy_only=False), np.float64)


def texts(labels: Labels, name: str) -> list[str | None]:
    """Read a column as n texts, None where null.

    Raises:
        DataError: the column does not exist.
    """
    _check_exists(labels, name)
    found: list[str | None] = labels.table.column(name).to_pylist()
    return found


def _check_exists(labels: Labels, name: str) -> None:
    if name not in labels.table.column_names:
        raise DataError(
            "trust-missing-column",
            f"the labels have no column {name}, which the trust function was fitted on",
        )
