"""Aggregation: several scores of each row become one; (n, m) in, (n,) out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from w2s import kernels
from w2s.errors import DataError, UsageError, suggest_name
from w2s.kernels.arrays import Scores, as_numpy, is_arrow
from w2s.kernels.columns import AggregatedScores, Doubles

AGGREGATIONS = (
    "mean",
    "weighted-mean",
    "median",
    "trimmed-mean",
    "min",
    "max",
    "product",
    "log-odds",
    "mean-rank",
    "borda",
    "majority",
    "vote",
)
"""Methods that combine the scores of a row."""

WEIGHTED_AGGREGATIONS = ("weighted-mean", "log-odds", "vote")
"""Methods that take weights."""


def aggregate(
    scores: object,
    method: str = "log-odds",
    *,
    weights: Sequence[float] | None = None,
    trim: float = 0.1,
    clip: float = 1e-6,
    limit: float = 0.5,
    missing: Literal["error", "skip"] = "error",
) -> Doubles:
    """Combine m scores of each of n rows into one score for each row, float64.

    Args:
        scores: an array of n × m, or of n; a list or tuple of m columns of n (numpy, Arrow, torch…; a list of
            lists of numbers is n rows); a mapping or an Arrow table of m columns.
        method: "mean"; "weighted-mean"; "median"; "trimmed-mean"; "min"; "max"; "product" of probabilities;
            "log-odds", the probability whose log-odds are the weighted mean of those of the columns;
            "mean-rank", 1 for the lowest; "borda", the number of rows beaten, summed over the columns;
            "majority", 1 if more than half of the columns reach ``limit`` and ½ if exactly half do; "vote",
            the weighted share of the columns that do.
        weights: m weights, finite and not negative, for "weighted-mean", "log-odds" and "vote".
        trim: share of the columns that "trimmed-mean" leaves out at each end, in [0, 0.5).
        clip: "log-odds" first clips probabilities to [clip, 1 − clip].
        limit: the score from which a column votes for a row.
        missing: "skip" combines the other scores of a row with NaN or null scores, and gives NaN if there are
            none; "error" refuses them.

    Raises:
        UsageError: the method is unknown, or a setting is out of range.
        DataError: a score is missing, columns differ in length, or the method needs probabilities and a score
            is not one; the message names row and column.

    Example:
        >>> import numpy as np, w2s
        >>> w2s.aggregate(np.array([[0.9, 0.8], [0.5, 0.1]]), method="mean").round(2).tolist()
        [0.85, 0.3]
    """
    return aggregate_counting(
        scores, method, weights=weights, trim=trim, clip=clip, limit=limit, missing=missing
    ).values


def aggregate_counting(
    scores: object,
    method: str = "log-odds",
    *,
    weights: Sequence[float] | None = None,
    trim: float = 0.1,
    clip: float = 1e-6,
    limit: float = 0.5,
    missing: str = "error",
) -> AggregatedScores:
    """Like :func:`aggregate`; the result also counts the missing scores and the rows without any score."""
    if method not in AGGREGATIONS:
        raise UsageError(
            "aggregate-unknown-method",
            f"{method!r} is not an aggregation; {suggest_name(method, AGGREGATIONS)}",
        )
    if missing not in {"error", "skip"}:
        raise UsageError("aggregate-bad-missing", f'`missing` is {missing!r}; give "error" or "skip"')
    check_weights(method, weights)
    return kernels.aggregate(
        _table(scores, skip=missing == "skip"),
        method.replace("-", "_"),
        weights=weights,
        trim=trim,
        clip=clip,
        limit=limit,
        skip_missing=missing == "skip",
    )


def check_weights(method: str, weights: Sequence[float] | None) -> None:
    """Refuse weights that a method does not take, and their absence where it needs them.

    Raises:
        UsageError: the weights are missing, unused, or not finite numbers from 0.
    """
    if method == "weighted-mean" and weights is None:
        raise UsageError("aggregate-missing-weights", "weighted-mean needs `weights`, one for each column")
    if weights is None:
        return
    if method not in WEIGHTED_AGGREGATIONS:
        raise UsageError(
            "aggregate-unused-weights",
            f"{method} takes no `weights`; leave them out, or use {', '.join(WEIGHTED_AGGREGATIONS)}",
        )


def _table(scores: object, *, skip: bool) -> Scores | list[Scores]:
    """An array of rows, or columns of one precision."""
    if isinstance(scores, Mapping):
        return _columns(list(scores.items()), skip=skip)
    if is_arrow(scores):
        return _columns(_arrow_columns(scores), skip=skip)
    if isinstance(scores, list | tuple) and any(_is_column(item) for item in scores):
        return _columns([(f"column {i}", column) for i, column in enumerate(scores)], skip=skip)
    array, valid = as_numpy(scores, "scores")
    if array.ndim not in {1, 2}:
        raise DataError("aggregate-bad-shape", f"scores have shape {array.shape}; give rows × columns")
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
    """Columns in the widest precision of any of them, NaN where a score is missing."""
    if not named:
        raise DataError("aggregate-no-columns", "scores have no column; give at least one")
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
