"""Columns of labels: which evidence they hold, by name, and their values as numbers or text.

Names of evidence are those of :data:`w2s.evidence_kinds.EVIDENCE`, or of any other column. Evidence that is
null in every row is missing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from w2s.errors import DataError
from w2s.evidence import Labels, is_numeric_type
from w2s.evidence_kinds import EVIDENCE, STATES, remedy
from w2s.kernels.columns import Doubles


def is_numeric(labels: Labels, name: str) -> bool:
    """Whether a column holds numbers or booleans."""
    return is_numeric_type(labels.table.schema.field(name).type)


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
    return labels.numbers(name)


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
    return labels.texts(name)


def _check_exists(labels: Labels, name: str) -> None:
    if name not in labels.table.column_names:
        raise DataError(
            "trust-missing-column",
            f"the labels have no column {name}, which the trust function was fitted on",
        )


# Evidence -------------------------------------------------------------------------------------------------


def evidence_columns(labels: Labels, name: str) -> list[str]:
    """Columns that hold the named evidence and are not null in every row, sorted; none for a vector."""
    known = labels.table.column_names
    names = EVIDENCE[name].find_columns(known) if name in EVIDENCE else [name]
    return [column for column in names if _has_values(labels, column)]


def has_evidence(labels: Labels, name: str) -> bool:
    """Whether labels have the named evidence."""
    if name in STATES:
        vector = labels.vectors.get(name)
        return vector is not None and (not len(labels) or bool(np.isfinite(vector).any()))
    if name == "samples":
        return any(_has_values(labels, column) for column in ("self_consistency", "samples"))
    return bool(evidence_columns(labels, name))


def _has_values(labels: Labels, column: str) -> bool:
    """Whether a column has a value; an empty list is none, such as the samples of a model without samples."""
    if column not in labels.table.column_names:
        return False
    values = labels.table.column(column)
    if not len(values) or values.null_count == len(values):
        return not len(values)
    is_list = pa.types.is_list(values.type) or pa.types.is_large_list(values.type)
    return not is_list or pc.max(pc.list_value_length(values)).as_py() > 0


def missing_evidence(needs: Iterable[str], labels: Labels) -> list[str]:
    """Names of evidence that is needed and that labels do not have, sorted."""
    return sorted(name for name in needs if not has_evidence(labels, name))


def find_remedy(name: str, labels: Labels) -> str:
    """What to do about missing evidence; a column of nulls was requested, but the model never gave it."""
    kind = EVIDENCE.get(name)
    columns = [] if kind is None else kind.find_columns(labels.table.column_names)
    if kind is not None and kind.source == "request" and columns and len(labels):
        return (
            f"{', '.join(columns)} is null in every row, because the model never gave it when it was asked; "
            "label with another model or prompt"
        )
    near = difflib.get_close_matches(name, labels.table.column_names, n=1)
    if kind is None and near:
        return f"did you mean {near[0]}? Or {remedy(name)}"
    return remedy(name)


def require_evidence(who: str, needs: Iterable[str], labels: Labels) -> None:
    """Refuse labels that lack evidence.

    Args:
        who: what needs the evidence, for the message.
        needs: names of evidence.
        labels: the labels to check.

    Raises:
        DataError: evidence is missing; the message names it and the remedy.
    """
    absent = missing_evidence(needs, labels)
    if absent:
        remedies = "; ".join(dict.fromkeys(find_remedy(name, labels) for name in absent))
        raise DataError(
            "trust-missing-evidence",
            f"{who} needs {', '.join(absent)}, which these labels do not have: {remedies}",
        )


def number_columns(labels: Labels) -> list[str]:
    """Columns of numbers that have values and are not yet known as evidence."""
    known = {name for kind in EVIDENCE.values() for name in kind.find_columns(labels.table.column_names)}
    return [
        name
        for name in labels.table.column_names
        if name not in known and is_numeric(labels, name) and has_evidence(labels, name)
    ]
