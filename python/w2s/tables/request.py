"""What a filter is asked to do, as one checked value.

Knows nothing about files' content: names of columns are checked once the table is open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from w2s.errors import UsageError
from w2s.kernels import Nulls
from w2s.selection import Rule

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

LEAST_MEMORY = 320 << 20
"""Python, numpy and Arrow take about 120 MiB before a row is read."""

RANKING = ("mean-rank", "borda")
"""Ways to combine scores that look at the whole columns."""


@dataclass(frozen=True)
class Scoring:
    """From which columns a row's score comes.

    Attributes:
        columns: one, or several that are combined.
        method: how they are combined, of :data:`w2s.aggregation.AGGREGATIONS`.
        weights: one a column, where the method has a use for them.
    """

    columns: tuple[str, ...]
    method: str = "log-odds"
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Gold:
    """Rows with known answers: what purity is measured and certified on."""

    column: str
    delta: float = 0.05
    method: str = "clopper-pearson"


@dataclass(frozen=True)
class Request:
    """Everything but the files.

    Attributes:
        rule: which rows.
        scoring: by which score.
        gold: rows with known answers, if any.
        nulls: what is done about rows with a null score, cost or group.
        key: a column whose values must not repeat.
    """

    rule: Rule
    scoring: Scoring
    gold: Gold | None = None
    nulls: Nulls = "error"
    key: str | None = None

    @property
    def group(self) -> str | None:
        """The column of groups or strata."""
        return self.rule.by or self.rule.stratify

    @property
    def columns(self) -> list[str]:
        """Every column that the decision looks at, each once."""
        gold = self.gold.column if self.gold else None
        named = [*self.scoring.columns, self.group, self.rule.cost, gold, self.key]
        return list(dict.fromkeys(name for name in named if name is not None))

    def at_threshold(self, threshold: float) -> Request:
        """The same with a certified threshold."""
        return replace(self, rule=self.rule.at_threshold(threshold))


def scoring_of(score: str | Sequence[str], aggregate: str | None, weights: Sequence[float] | None) -> Scoring:
    """A checked scoring.

    Raises:
        UsageError: no column, an unknown method, or weights that do not fit.
    """
    from w2s.aggregation import AGGREGATIONS

    columns = (score,) if isinstance(score, str) else tuple(score)
    if not columns:
        raise UsageError("name a score column")
    if len(set(columns)) < len(columns):
        raise UsageError("a score column is named twice: give it a weight instead")
    method = aggregate or "log-odds"
    if method not in AGGREGATIONS:
        raise UsageError(f"no aggregation is called {aggregate!r}; there are: {', '.join(AGGREGATIONS)}")
    if len(columns) == 1:
        if aggregate is not None or weights is not None:
            raise UsageError("aggregate and weights combine several score columns: name them all")
        return Scoring(columns)
    if aggregate is None:
        raise UsageError(f"{len(columns)} score columns need an aggregate: {', '.join(AGGREGATIONS)}")
    if weights is not None and len(weights) != len(columns):
        raise UsageError(f"{len(weights)} weights for {len(columns)} score columns: give one for each")
    return Scoring(columns, method, None if weights is None else tuple(weights))


def bytes_of(text: str | int) -> int:
    """Bytes from ``512MiB``, ``1GB``, ``2g`` or a number.

    Raises:
        UsageError: it is none, or too little.
    """
    found = _SIZE.fullmatch(str(text))
    if found is None:
        raise UsageError(f"memory is {text!r}; give a size such as 512MiB or 2GiB")
    size = int(float(found[1]) * _UNITS[(found[2] or "").lower()])
    if size < LEAST_MEMORY:
        raise UsageError(f"memory is {text}; at least {LEAST_MEMORY >> 20}MiB are needed")
    return size
