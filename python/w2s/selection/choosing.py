"""The rows that a rule keeps.

Knows nothing about files. Streams and files that do not fit in memory use the same rules over
:mod:`w2s.kernels.streams`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from w2s import kernels
from w2s.errors import UsageError
from w2s.kernels import Nulls
from w2s.kernels.arrays import check_nulls
from w2s.kernels.numbers import Positions
from w2s.selection.columns import Columns, read_columns, refuse_nan
from w2s.selection.rule import Rule, whole_number
from w2s.selection.selected import GroupCount, Selected


def top_k(scores: object, k: int, *, nulls: Nulls = "error") -> Positions:
    """Positions of the k best scores, int64, best first, ties to the lower position; all where k ≥ n.

    Args:
        scores: n numbers; see :func:`select` for what is accepted.
        k: how many, from 0.
        nulls: "drop" leaves null scores out; otherwise they are an error.

    Raises:
        UsageError: k is no whole number from 0.
        DataError: a score is NaN or null, named by its row.

    >>> import numpy as np, w2s
    >>> w2s.top_k(np.array([0.25, 1.0, 0.5, 1.0]), 3).tolist()
    [1, 3, 2]
    """
    check_nulls(nulls)
    count = whole_number("k", k)
    column = kernels.score_column(scores)
    if nulls == "error" or column.valid is None:
        return kernels.top_k(column.refuse_nulls("scores"), count)
    rows = np.flatnonzero(column.valid)
    refuse_nan(column, rows)
    return rows[kernels.top_k(column.values[rows], count)]


def select(
    scores: object,
    *,
    top: int | str | None = None,
    threshold: float | None = None,
    between: tuple[float, float] | None = None,
    budget: float | None = None,
    cost: object = None,
    random: int | str | None = None,
    seed: int = 0,
    by: object = None,
    stratify: object = None,
    min_per_group: int | None = None,
    max_per_group: int | None = None,
    nulls: Nulls = "error",
) -> Positions:
    """Positions of the rows kept, ascending, as int64: the order that a table wants.

    Exactly one of ``top``, ``threshold``, ``between``, ``budget`` and ``random`` says which.

    Args:
        scores: n numbers: a numpy array, anything with ``__array__``, ``__dlpack__`` or the Arrow PyCapsule
            interface (chunked and nullable columns included), or a list.
        top: the best rows: a count, or a share such as "10%" (rounded half up).
        threshold: rows with at least this score.
        between: rows with scores from the first to the second, both included.
        budget: rows are taken best first until the next one's cost would exceed this; that one ends it.
        cost: n costs, finite and not negative, for ``budget``.
        random: as ``top``, but rows drawn by ``seed`` and not by score: the baseline.
        seed: seed of ``random``.
        by: n group ids; ``top`` is then what each group keeps.
        stratify: n stratum ids; ``top`` rows in all, in the proportions that the strata have among the n.
        min_per_group: every group or stratum keeps at least so many (all, if it has fewer), its best ones.
        max_per_group: no group or stratum keeps more than so many.
        nulls: "drop" leaves out rows whose score or cost is null; otherwise they are an error.

    Raises:
        UsageError: options that contradict each other or lie out of range.
        DataError: NaN or null, named by the row; columns that differ in length.

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
    return selected(rule, scores, groups=by if stratify is None else stratify, cost=cost, nulls=nulls).rows


def selected(
    rule: Rule, scores: object, *, groups: object = None, cost: object = None, nulls: Nulls = "error"
) -> Selected:
    """As :func:`select`, by a rule that is already made, and with what a summary needs.

    Args:
        rule: which rows; not one by purity, which needs a threshold first (:meth:`Rule.at_threshold`).
        scores: n numbers.
        groups: n ids of the rule's ``by`` or ``stratify``.
        cost: n costs of the rule's budget.
        nulls: what is done about rows with a null score or cost.
    """
    check_nulls(nulls)
    columns, rows, dropped = read_columns(scores, groups, cost, nulls)
    found = apply(rule, columns)
    if rows is not None:
        found = found._replace(rows=rows[found.rows], dropped=dropped)
    return found


def apply(rule: Rule, columns: Columns) -> Selected:
    """The rows that a rule keeps of columns without nulls."""
    n = len(columns.scores)
    if rule.kind == "purity":
        raise UsageError(
            "select-purity-not-certified", "purity needs rows with known answers: certify a threshold first"
        )
    if rule.kind == "random":
        rows = kernels.random_k(n, rule.count_of(n), rule.seed)
        return _counted(Selected(rows), columns)
    if rule.kind == "budget":
        return _counted(_within_budget(rule, columns), columns)
    if rule.is_grouped:
        return _by_group(rule, columns)
    if rule.kind == "top":
        return Selected(*kernels.top(columns.scores, rule.count_of(n)))
    low, high = rule.limits
    rows = kernels.between(columns.scores, low, high)
    return _counted(Selected(rows, float(columns.scores[rows].min()) if len(rows) else None), columns)


def _within_budget(rule: Rule, columns: Columns) -> Selected:
    if columns.costs is None or rule.budget is None:
        raise UsageError("select-missing-cost", "budget needs the cost of each row")
    best_first, spent = kernels.within_budget(columns.scores, columns.costs, rule.budget)
    if not len(best_first):
        return Selected(best_first, spent=spent)
    cut = columns.scores[best_first[-1]]
    ties = int(np.count_nonzero(columns.scores == cut) - np.count_nonzero(columns.scores[best_first] == cut))
    return Selected(np.sort(best_first), float(cut), ties, spent=spent)


def _by_group(rule: Rule, columns: Columns) -> Selected:
    """Each group's or stratum's best rows."""
    if columns.groups is None:
        raise UsageError(
            "select-missing-groups", f"{rule.by or rule.stratify}: the rule needs the group of each row"
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
    return Selected(found.rows, groups=_group_counts(keys, found.sizes, found.kept))


def _counted(found: Selected, columns: Columns) -> Selected:
    """With the rows of each group, where there are groups that play no part in the rule."""
    if columns.groups is None:
        return found
    codes, keys = columns.groups
    kept = np.bincount(codes[found.rows], minlength=len(keys))
    return found._replace(groups=_group_counts(keys, _sizes(columns.groups), kept))


def _group_counts(keys: Any, sizes: Positions, kept: Positions) -> tuple[GroupCount, ...]:
    """The groups that have rows."""
    counts = zip(keys, sizes.tolist(), kept.tolist(), strict=True)
    return tuple(GroupCount(_plain(key), rows, kept) for key, rows, kept in counts if rows)


def _sizes(groups: kernels.Groups) -> Positions:
    return np.bincount(groups.codes, minlength=len(groups.keys))


def _plain(key: Any) -> Any:
    return key.item() if isinstance(key, np.generic) else key
