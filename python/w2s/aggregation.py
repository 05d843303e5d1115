"""Many scores of each row become one: (n, m) in, (n,) out.

Knows nothing about what the scores mean, or who gave them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels.arrays import Scores, as_numpy, is_arrow
from w2s.kernels.numbers import Aggregated, Doubles

METHODS = (
    "mean",
    "weighted_mean",
    "median",
    "trimmed_mean",
    "min",
    "max",
    "product",
    "log_odds",
    "mean_rank",
    "borda",
    "majority",
    "vote",
)
"""Ways to combine the scores of a row."""


def aggregate(
    scores: object,
    method: str = "log_odds",
    *,
    weights: Sequence[float] | None = None,
    trim: float = 0.1,
    clip: float = 1e-6,
    limit: float = 0.5,
    missing: Literal["error", "skip"] = "error",
) -> Doubles:
    """One score for each row, float64, from m scores of each of n rows.

    Args:
        scores: an array of n × m, or of n; a list or tuple of m columns of n (numpy, Arrow, torch…; a list of
            lists of numbers is n rows); a mapping or an Arrow table of m columns.
        method: mean; weighted_mean; median; trimmed_mean; min; max; product of probabilities; log_odds, the
            probability whose log-odds are the weighted mean of those of the columns; mean_rank, 1 for the
            lowest; borda, the rows beaten, summed over the columns; majority, 1 where more than half of the
            columns reach ``limit``, ½ where exactly half do; vote, the weighted share that does.
        weights: m weights, finite and not negative, for weighted_mean, log_odds and vote.
        trim: share of the columns that trimmed_mean leaves out at each end, in [0, 0.5).
        clip: log_odds first moves probabilities into [clip, 1 − clip].
        limit: the score from which on a column votes for a row.
        missing: "skip" combines a row without its NaN and null scores, to NaN where it has no other;
            otherwise they are an error.

    Raises:
        UsageError: an unknown method, or settings out of range.
        DataError: a missing score, columns that differ in length, or a score that is no probability where the
            method needs one; the message names row and column.

    >>> import numpy as np, w2s
    >>> w2s.aggregate(np.array([[0.9, 0.8], [0.5, 0.1]]), method="mean").round(2).tolist()
    [0.85, 0.3]
    """
    return aggregated(
        scores, method, weights=weights, trim=trim, clip=clip, limit=limit, missing=missing
    ).values


def aggregated(
    scores: object,
    method: str = "log_odds",
    *,
    weights: Sequence[float] | None = None,
    trim: float = 0.1,
    clip: float = 1e-6,
    limit: float = 0.5,
    missing: str = "error",
) -> Aggregated:
    """As :func:`aggregate`, with how many scores are missing and how many rows have none."""
    if method not in METHODS:
        raise UsageError(
            "aggregate-unknown-method", f"{method!r} is not an aggregation; known: {', '.join(METHODS)}"
        )
    if missing not in {"error", "skip"}:
        raise UsageError("aggregate-bad-missing", f'missing is {missing!r}; give "error" or "skip"')
    return kernels.aggregate(
        _table(scores, skip=missing == "skip"),
        method,
        weights=weights,
        trim=trim,
        clip=clip,
        limit=limit,
        skip_missing=missing == "skip",
    )


def _table(scores: object, *, skip: bool) -> Scores | list[Scores]:
    """Rows as they stand, or columns of one precision."""
    if isinstance(scores, Mapping):
        return _columns(list(scores.items()), skip=skip)
    if is_arrow(scores):
        return _columns(_arrow_columns(scores), skip=skip)
    if isinstance(scores, list | tuple) and any(_is_column(item) for item in scores):
        return _columns([(f"column {i}", column) for i, column in enumerate(scores)], skip=skip)
    array, valid = as_numpy(scores, "scores")
    if array.ndim not in {1, 2}:
        raise DataError("aggregate-bad-shape", f"scores have shape {array.shape}, not rows × columns")
    if array.ndim == 2 and array.flags.c_contiguous and valid is None:
        flat = kernels.score_column(array.reshape(-1), "scores").refuse_nulls("scores")
        return flat.reshape(array.shape)
    masked = array if valid is None else np.ma.array(array, mask=~valid)
    columns = [masked] if array.ndim == 1 else list(masked.T)
    return _columns([(f"column {i}", column) for i, column in enumerate(columns)], skip=skip)


def _is_column(item: object) -> bool:
    """Whether an item of a list is a column, and not a number or the list of a row's numbers."""
    if isinstance(item, np.generic):
        return False
    return is_arrow(item) or any(hasattr(item, name) for name in ("__array__", "__dlpack__"))


def _arrow_columns(table: object) -> list[tuple[str, Any]]:
    import pyarrow as pa

    if not hasattr(table, "__arrow_c_stream__") or isinstance(table, pa.ChunkedArray):
        return [("column 0", table)]
    try:
        read = pa.table(table)
    except (pa.ArrowException, TypeError, ValueError):
        return [("column 0", table)]
    return list(zip(read.column_names, read.columns, strict=True))


def _columns(named: Sequence[tuple[str, object]], *, skip: bool) -> list[Scores]:
    """Columns in the widest precision that one of them has, NaN where a score is missing."""
    if not named:
        raise DataError("aggregate-no-columns", "scores have no column")
    read = [(name, kernels.score_column(column, name)) for name, column in named]
    values = [_with_nan(column) if skip else column.refuse_nulls(name) for name, column in read]
    widest = np.result_type(*values)
    return [np.ascontiguousarray(column, widest) for column in values]


def _with_nan(column: kernels.Column[Scores]) -> Scores:
    if column.valid is None:
        return column.values
    values = column.values.copy()
    values[~column.valid] = np.nan
    return values
