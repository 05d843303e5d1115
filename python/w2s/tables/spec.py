"""The specification of a filter, as one checked value.

Column names are checked later, when the table is open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from w2s.errors import UsageError, suggest_name
from w2s.kernels import Nulls
from w2s.selection import Rule
from w2s.tables.predicate import Predicate

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?)?B?\s*", re.IGNORECASE)
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}

MIN_MEMORY = 320 << 20
"""Smallest memory limit in bytes; Python, numpy and Arrow use about 120 MiB before a row is read."""

RANKING = ("mean-rank", "borda")
"""Aggregations that need whole columns."""


@dataclass(frozen=True)
class ScoreSpec:
    """The columns from which the score of a row is computed.

    Attributes:
        columns: names of one or several score columns; of none, for rows drawn at random.
        method: how several scores are combined, see :data:`w2s.aggregation.AGGREGATIONS`.
        weights: one weight per column, for methods that use weights.
    """

    columns: tuple[str, ...]
    method: str = "log-odds"
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True)
class GoldSpec:
    """The column of known answers, on which purity is measured and certified."""

    column: str
    delta: float = 0.05
    method: str = "clopper-pearson"
    grid: tuple[float, ...] | None = None
    """Thresholds to choose from; None for 0, 0.01, … 0.99."""


@dataclass(frozen=True)
class FilterSpec:
    """Everything a filter does, except inputs and outputs.

    Attributes:
        rule: which rows to keep.
        score: the score of a row.
        gold: the column of known answers, if any.
        nulls: what to do with rows whose score or cost is null.
        id: a column of ids, which must be unique.
        where: the condition that rows must meet to be considered, if any.
    """

    rule: Rule
    score: ScoreSpec
    gold: GoldSpec | None = None
    nulls: Nulls = "error"
    id: str | None = None
    where: Predicate | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns of groups or strata; rows are in one group if all of them are equal."""
        named = self.rule.by or self.rule.stratify or ()
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def columns(self) -> list[str]:
        """Every column that the first pass reads, without repetition."""
        gold = self.gold.column if self.gold else None
        named = [*self.score.columns, *self.groups, self.rule.cost, gold, self.id]
        return list(dict.fromkeys(name for name in named if name is not None))

    def at_threshold(self, threshold: float) -> FilterSpec:
        """The same filter with a certified threshold instead of a purity or false discovery rate."""
        return replace(self, rule=self.rule.at_threshold(threshold))


def parse_scores(
    score: str | Sequence[str] | None, aggregate: str | None, weights: Sequence[float] | None
) -> ScoreSpec:
    """Check the options of the score.

    Raises:
        UsageError: there is no column, the method is unknown, or the weights do not match.
    """
    from w2s.aggregation import AGGREGATIONS, check_weights

    columns = (score,) if isinstance(score, str) else tuple(score or ())
    if len(set(columns)) < len(columns):
        raise UsageError("filter-repeated-score", "a score column is given twice; use `weights` instead")
    method = aggregate or "log-odds"
    if method not in AGGREGATIONS:
        raise UsageError(
            "aggregate-unknown-method",
            f"unknown aggregation {aggregate!r}; {suggest_name(method, AGGREGATIONS)}",
        )
    if len(columns) <= 1:
        if aggregate is not None or weights is not None:
            raise UsageError("filter-one-score", "`aggregate` and `weights` need several columns in `score`")
        return ScoreSpec(columns)
    if aggregate is None:
        raise UsageError(
            "filter-no-aggregate",
            f"{len(columns)} score columns need `aggregate`; choose from {', '.join(AGGREGATIONS)}",
        )
    if weights is not None and len(weights) != len(columns):
        raise UsageError(
            "filter-weights-mismatch",
            f"{len(weights)} weights for {len(columns)} score columns; give one for each",
        )
    check_weights(method, weights)
    return ScoreSpec(columns, method, None if weights is None else tuple(weights))


def parse_columns(columns: str | Sequence[str]) -> tuple[str, ...]:
    """Check the names of the output's columns.

    Raises:
        UsageError: there is none, one is empty, or one is given twice.
    """
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if not names or not all(names):
        raise UsageError("filter-invalid-columns", "`columns` has an empty name; give names such as id,text")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UsageError("filter-invalid-columns", f"`columns` has {repeated!r} twice; give it once")
    return names


def parse_bytes(text: str | int) -> int:
    """The number of bytes in a text such as ``512MiB``, ``1GB`` or ``2g``.

    Raises:
        UsageError: the text is not a size, or the size is too small.
    """
    found = _SIZE.fullmatch(str(text))
    if found is None:
        raise UsageError("filter-invalid-memory", f"`memory` is {text!r}; give a size such as 512MiB or 2GiB")
    size = int(float(found[1]) * _UNITS[(found[2] or "").lower()])
    if size < MIN_MEMORY:
        raise UsageError(
            "filter-memory-too-small", f"`memory` is {text}; give at least {MIN_MEMORY >> 20}MiB"
        )
    return size
