"""Columns of labels as numbers.

Knows nothing about what is made of them. Null is NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from w2s.errors import DataError
from w2s.evidence import Labels

Doubles = npt.NDArray[np.float64]


def is_number(labels: Labels, name: str) -> bool:
    """Whether a column holds numbers, or yes and no."""
    kind = labels.table.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def is_text(labels: Labels, name: str) -> bool:
    """Whether a column holds texts."""
    kind = labels.table.schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def numbers(labels: Labels, name: str) -> Doubles:
    """n numbers, NaN where null or not finite.

    Raises:
        DataError: the column is not there, or holds no numbers.
    """
    if name not in labels.table.column_names:
        raise DataError(
            "trust-missing-column",
            f"the labels have no column {name}, which the trust function was fitted on",
        )
    if not is_number(labels, name):
        raise DataError(
            "trust-column-not-numeric",
            f"column {name} holds {labels.table.schema.field(name).type}, not numbers",
        )
    column = labels.table.column(name).combine_chunks().cast(pa.float64())
    values = np.array(column.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def agrees(labels: Labels, name: str) -> Doubles:
    """1 where a column of texts says the label itself, else 0; NaN where either is null."""
    if name not in labels.table.column_names:
        raise DataError(
            "trust-missing-column",
            f"the labels have no column {name}, which the trust function was fitted on",
        )
    if not is_text(labels, name) or "label" not in labels.table.column_names:
        raise DataError(
            "trust-column-not-text",
            f"column {name} cannot be compared with label: both must be columns of text",
        )
    table = labels.table
    same = pc.equal(table.column(name).cast(pa.string()), table.column("label").cast(pa.string()))
    values = (
        same.cast(pa.float64())
        if not isinstance(same, pa.ChunkedArray)
        else same.combine_chunks().cast(pa.float64())
    )
    return np.array(values.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)


def texts(labels: Labels, name: str) -> list[str | None]:
    """n texts, None where null."""
    found: list[str | None] = labels.table.column(name).to_pylist()
    return found
