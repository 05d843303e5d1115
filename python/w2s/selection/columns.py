"""The columns that a selection looks at, read from any library, and what is done about their nulls.

Knows nothing about rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2s import kernels
from w2s.errors import DataError
from w2s.kernels import Flags, Nulls
from w2s.kernels.arrays import Scores
from w2s.kernels.numbers import Doubles, Positions


@dataclass(frozen=True)
class Columns:
    """What a rule looks at, one entry a row, without nulls."""

    scores: Scores
    groups: kernels.Groups | None = None
    costs: Doubles | None = None


def read_columns(
    scores: object, groups: object, cost: object, nulls: Nulls
) -> tuple[Columns, Positions | None, int]:
    """Columns without nulls; where rows were left out, the positions of the others and how many were."""
    column = kernels.score_column(scores)
    n = len(column.values)
    costs = None if cost is None else kernels.double_column(cost, "cost")
    ids = None if groups is None else kernels.group_column(groups, "groups")
    for name, length in (("cost", costs and len(costs.values)), ("groups", ids and len(ids.codes))):
        if length is not None and length != n:
            raise DataError("select-length-mismatch", f"{name} has {length} values for {n} scores")
    if nulls == "error" or (column.valid is None and (costs is None or costs.valid is None)):
        values = None if costs is None else costs.refuse_nulls("cost")
        return Columns(column.refuse_nulls("scores"), ids, values), None, 0
    rows = np.flatnonzero(_both(column.valid, None if costs is None else costs.valid, n))
    refuse_nan(column, rows)
    values = None if costs is None else _fair_costs(costs.values, rows)
    ids = None if ids is None else ids._replace(codes=ids.codes[rows])
    return Columns(column.values[rows], ids, values), rows, n - len(rows)


def _both(left: Flags | None, right: Flags | None, n: int) -> Flags:
    everything = np.ones(n, bool)
    return (everything if left is None else left) & (everything if right is None else right)


def refuse_nan(column: kernels.Column[Scores], rows: Positions) -> None:
    """Name a NaN by its row in the column: the core sees only the rows that are not null."""
    nan = np.isnan(column.values[rows])
    if nan.any():
        raise DataError("select-nan-score", f"score {rows[np.argmax(nan)]} is NaN; drop such rows first")


def _fair_costs(costs: Doubles, rows: Positions) -> Doubles:
    kept = costs[rows]
    bad = ~((kept >= 0) & np.isfinite(kept))
    if bad.any():
        row = rows[np.argmax(bad)]
        raise DataError(
            "select-bad-cost", f"the cost of row {row} is {costs[row]}; costs are finite and not negative"
        )
    return kept
