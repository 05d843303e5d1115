"""Selection over whole columns: ``select``, ``top_k``, ``weights``, and any rule as a checked value.

Streams and files that do not fit in memory use the same rules over :mod:`w2s.kernels.streams`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels import Nulls
from w2s.kernels.arrays import Flags, Scores, check_nulls
from w2s.kernels.columns import Doubles, Positions
from w2s.selection.group_ids import column_names, group_ids
from w2s.selection.rule import Rule, whole_number


class GroupCount(NamedTuple):
    """A group: its id, its number of rows, and how many of them are kept."""

    key: Any
    rows: int
    kept: int


class Selection(NamedTuple):
    """The result of a selection.

    Attributes:
        rows: positions of the kept rows, ascending, int64.
        cut: the lowest kept score, if one score cuts the whole table and a row is kept.
        ties_left_out: number of rows with that score that are not kept.
        dropped: number of rows left out because a value was null.
        groups: the groups of ``by`` or ``stratify`` that have rows, ascending; empty without either.
        spent: total cost of the kept rows, under a budget.
    """

    rows: Positions
    cut: float | None = None
    ties_left_out: int = 0
    dropped: int = 0
    groups: tuple[GroupCount, ...] = ()
    spent: float | None = None


@dataclass(frozen=True)
class RuleInputs:
    """The columns that a rule looks at, one entry for each row, without nulls."""

    scores: Scores
    groups: kernels.Groups | None = None
    costs: Doubles | None = None


def top_k(scores: object, k: int, *, nulls: Nulls = "error") -> Positions:
    """Positions of the k best scores, int64, best first, ties to the lower position; all rows if k ≥ n.

    Args:
        scores: n numbers; see :func:`select` for the accepted types.
        k: number of rows, from 0.
        nulls: "drop" leaves null and NaN scores out; otherwise they are an error.

    Raises:
        UsageError: k is not a whole number from 0.
        DataError: a score is NaN or null; the message names its row.

    Example:
        >>> import numpy as np, w2s
        >>> w2s.top_k(np.array([0.25, 1.0, 0.5, 1.0]), 3).tolist()
        [1, 3, 2]
    """
    check_nulls(nulls)
    count = whole_number("k", k)
    column = _score_column(scores)
    present = None if nulls == "error" else _present(column)
    if present is None:
        return kernels.top_k(column.refuse_nulls("scores"), count)
    rows = np.flatnonzero(present)
    return rows[kernels.top_k(column.values[rows], count)]


def select(
    scores: object,
    *,
    top: int | float | str | None = None,
    threshold: float | None = None,
    between: tuple[float, float] | None = None,
    budget: float | None = None,
    cost: object = None,
    random: int | float | str | None = None,
    seed: int = 0,
    by: object = None,
    stratify: object = None,
    min_per_group: int | None = None,
    max_per_group: int | None = None,
    nulls: Nulls = "error",
) -> Positions:
    """Positions of the kept rows, ascending, int64.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget`` and ``random`` says which rows are kept.

    Args:
        scores: n numbers: a numpy array, anything with ``__array__``, ``__dlpack__`` or the Arrow PyCapsule
            interface (chunked and nullable columns included), or a list.
        top: number of best rows to keep, such as 1000 or "1e6", or a share such as "10%" (rounded half up).
        threshold: keep rows with at least this score.
        between: keep rows with scores from the first to the second number, both included.
        budget: take rows best first until the cost of the next row would exceed this total.
        cost: n costs, finite and not negative, for ``budget``.
        random: as ``top``, but rows are drawn at random instead of by score: the baseline.
        seed: random seed of ``random``.
        by: n group ids; each group then keeps its own ``top``. Several columns, as a mapping or an Arrow
            table, make a group of each combination.
        stratify: n stratum ids, or several columns; ``top`` rows are kept in total, in the proportions of the
            strata.
        min_per_group: minimum number of rows that every group or stratum keeps, if it has as many.
        max_per_group: maximum number of rows that a group or stratum keeps.
        nulls: "drop" leaves out rows whose score or cost is null or NaN; otherwise they are an error.

    Raises:
        UsageError: options contradict each other or are out of range.
        DataError: a value is NaN or null (the message names its row), or columns differ in length.

    Example:
        >>> import w2s
        >>> w2s.select([0.9, 0.2, 0.8, 0.4], top="50%").tolist()
        [0, 2]
        >>> w2s.select([0.9, 0.2, 0.8, 0.4], top=1, by=["a", "b", "a", "b"]).tolist()
        [0, 3]
    """
    rule = Rule.parse(
        top=top,
        threshold=threshold,
        between=between,
        budget=budget,
        cost=None if cost is None else "cost",
        random=random,
        seed=seed,
        by=None if by is None else "by",
        stratify=None if stratify is None else "stratify",
        min_per_group=min_per_group,
        max_per_group=max_per_group,
    )
    groups = by if stratify is None else stratify
    return select_by_rule(rule, scores, groups=groups, cost=cost, nulls=nulls).rows


def select_by_rule(
    rule: Rule, scores: object, *, groups: object = None, cost: object = None, nulls: Nulls = "error"
) -> Selection:
    """Select rows by a rule, like :func:`select`; the result also has what a summary needs.

    Args:
        rule: which rows are kept; a rule by purity or false discovery rate needs a threshold first
            (:meth:`Rule.at_threshold`).
        scores: n numbers.
        groups: n ids of the rule's ``by`` or ``stratify``.
        cost: n costs of the rule's budget.
        nulls: "drop" leaves out rows whose score or cost is null or NaN; otherwise they are an error.

    Raises:
        UsageError: the rule needs a threshold, costs or groups.
        DataError: a value is NaN or null, or columns differ in length.
    """
    check_nulls(nulls)
    read = _read_inputs(scores, groups, cost, nulls)
    found = apply_rule(rule, read.inputs)
    if read.rows is not None:
        found = found._replace(rows=read.rows[found.rows], dropped=read.dropped)
    return found


def apply_rule(rule: Rule, columns: RuleInputs) -> Selection:
    """Select the rows that a rule keeps, from columns without nulls.

    Raises:
        UsageError: the rule needs a threshold, costs or groups.
    """
    n = len(columns.scores)
    if rule.is_certified:
        raise UsageError(
            "select-purity-not-certified",
            f"`{rule.kind}` needs rows with known answers; certify a threshold first",
        )
    if rule.kind == "random":
        rows = kernels.random_k(n, rule.count_of(n), rule.seed)
        return _with_group_counts(Selection(rows), columns)
    if rule.kind == "budget":
        return _with_group_counts(_within_budget(rule, columns), columns)
    if rule.is_grouped:
        return _by_group(rule, columns)
    if rule.kind == "top":
        return Selection(*kernels.top(columns.scores, rule.count_of(n)))
    low, high = rule.limits
    rows = kernels.between(columns.scores, low, high)
    return _with_group_counts(
        Selection(rows, float(columns.scores[rows].min()) if len(rows) else None), columns
    )


def _within_budget(rule: Rule, columns: RuleInputs) -> Selection:
    if columns.costs is None or rule.budget is None:
        raise UsageError("select-missing-cost", "`budget` needs the `cost` of each row")
    best_first, spent = kernels.within_budget(columns.scores, columns.costs, rule.budget)
    if not len(best_first):
        return Selection(best_first, spent=spent)
    cut = columns.scores[best_first[-1]]
    ties = int(np.count_nonzero(columns.scores == cut) - np.count_nonzero(columns.scores[best_first] == cut))
    return Selection(np.sort(best_first), float(cut), ties, spent=spent)


def _by_group(rule: Rule, columns: RuleInputs) -> Selection:
    """The best rows of each group or stratum."""
    if columns.groups is None:
        raise UsageError(
            "select-missing-groups", f"the rule needs the group of each row, by {rule.by or rule.stratify}"
        )
    codes, keys = columns.groups
    choose = partial(kernels.top_by_group, columns.scores, codes, len(keys))
    if rule.stratify is not None:
        found = choose(counts=rule.quotas(_sizes(columns.groups)).tolist() or [0])
    else:
        choose = partial(choose, least=rule.min_per_group, most=rule.max_per_group)
        if rule.kind == "threshold":
            found = choose(limits=[rule.limits[0]])
        elif rule.top_share is not None:
            found = choose(shares=[rule.top_share])
        else:
            found = choose(counts=[rule.count_of(len(codes))])
    return Selection(found.rows, groups=_group_counts(keys, found.sizes, found.kept))


def _with_group_counts(found: Selection, columns: RuleInputs) -> Selection:
    """Add the counts of each group, if there are groups that the rule does not use."""
    if columns.groups is None:
        return found
    codes, keys = columns.groups
    kept = np.bincount(codes[found.rows], minlength=len(keys))
    return found._replace(groups=_group_counts(keys, _sizes(columns.groups), kept))


def _group_counts(keys: Any, sizes: Positions, kept: Positions) -> tuple[GroupCount, ...]:
    """The counts of the groups that have rows."""
    counts = zip(keys, sizes.tolist(), kept.tolist(), strict=True)
    return tuple(GroupCount(_plain(key), rows, kept) for key, rows, kept in counts if rows)


def _sizes(groups: kernels.Groups) -> Positions:
    return np.bincount(groups.codes, minlength=len(groups.keys))


def _plain(key: Any) -> Any:
    return key.item() if isinstance(key, np.generic) else key


@dataclass(frozen=True)
class _ReadInputs:
    """Columns without nulls; if rows were left out, the positions of the others and their number."""

    inputs: RuleInputs
    rows: Positions | None = None
    dropped: int = 0


def _read_inputs(scores: object, groups: object, cost: object, nulls: Nulls) -> _ReadInputs:
    column = _score_column(scores)
    n = len(column.values)
    costs = None if cost is None else kernels.double_column(cost, "cost")
    ids = None if groups is None else group_ids(groups)
    for name, length in (("cost", costs and len(costs.values)), ("groups", ids and len(ids.codes))):
        if length is not None and length != n:
            raise DataError("select-length-mismatch", f"{name} has {length} values for {n} scores")
    present = None
    if nulls == "drop":
        present = _both(_present(column), None if costs is None else _present(costs))
    if present is None:
        values = None if costs is None else costs.refuse_nulls("cost")
        return _ReadInputs(RuleInputs(column.refuse_nulls("scores"), ids, values))
    rows = np.flatnonzero(present)
    values = None if costs is None else _check_costs(costs.values, rows)
    ids = None if ids is None else ids._replace(codes=ids.codes[rows])
    return _ReadInputs(RuleInputs(column.values[rows], ids, values), rows, n - len(rows))


def _score_column(scores: object) -> kernels.Column[Scores]:
    """The scores; a table is refused with a specific message."""
    names = column_names(scores)
    if names:
        raise DataError(
            "select-table-given",
            f"scores is a {type(scores).__name__} with columns {', '.join(names)[:80]}; give one column, "
            f"for example table[{names[0]!r}]",
        )
    return kernels.score_column(scores)


def _present(column: kernels.Column[Any]) -> Flags | None:
    """Flags of the values that are neither null nor NaN; None if all are present."""
    nan = np.isnan(column.values)
    return _both(column.valid, ~nan if nan.any() else None)


def _both(left: Flags | None, right: Flags | None) -> Flags | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _check_costs(costs: Doubles, rows: Positions) -> Doubles:
    kept = costs[rows]
    bad = ~((kept >= 0) & np.isfinite(kept))
    if bad.any():
        row = rows[np.argmax(bad)]
        raise DataError(
            "select-bad-cost", f"the cost of row {row} is {costs[row]}; costs must be finite and not negative"
        )
    return kept


def weights(scores: object, power: float = 1.0, *, scale: str = "mean") -> Doubles:
    """Weights instead of a cut: score^power of each row, float64, scaled to a mean or a sum of 1.

    Args:
        scores: n finite numbers that are not negative.
        power: the exponent, finite and not negative; with 0 all weights are equal.
        scale: "mean" or "sum".

    Raises:
        UsageError: the scale is unknown, or the power is out of range.
        DataError: a score is null, NaN, infinite or negative.

    Example:
        >>> from w2s.selection import weights
        >>> weights([1.0, 3.0]).tolist()
        [0.5, 1.5]
    """
    if scale not in {"mean", "sum"}:
        raise UsageError("select-unknown-scale", f'`scale` is {scale!r}; give "mean" or "sum"')
    values = kernels.score_column(scores).refuse_nulls("scores")
    return kernels.weights(values, power, mean_one=scale == "mean")
