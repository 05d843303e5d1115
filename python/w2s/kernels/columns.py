"""Selection, aggregation, certification and crowds of the compiled core, over whole columns.

Arrays are contiguous numpy arrays as :mod:`w2s.kernels.arrays` makes them. Other faults raise a DataError
that names the first row, or a UsageError for an argument; the codes are those of the core.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.arrays import Flags, Scores
from w2s.kernels.core_errors import core_errors
from w2s.kernels.groups import Codes

Positions = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Consensus = _core.Consensus
Item = TypeVar("Item")

ABSTAIN = 2**32 - 1
"""The vote code of an abstention."""


class Top(NamedTuple):
    """The best rows of a column.

    Attributes:
        rows: their positions, ascending.
        cut: the lowest score kept; None if no row is kept.
        ties_left_out: rows with that score that are not kept, all at higher positions than those kept.
    """

    rows: Positions
    cut: float | None
    ties_left_out: int


class GroupedTop(NamedTuple):
    """The best rows of each group, ascending; the size of each group; and how many rows it keeps."""

    rows: Positions
    sizes: Positions
    kept: Positions


def top_k(scores: Scores, k: int) -> Positions:
    """Positions of the ``k`` best of n scores, best first, ties to the lower position; all where k ≥ n."""
    with core_errors():
        return _core.top_k(scores, min(k, len(scores)))


def top(scores: Scores, k: int) -> Top:
    """The ``k`` best of n scores, ties to the lower position; all of them where k ≥ n."""
    with core_errors():
        return Top(*_core.top(scores, min(k, len(scores))))


def between(scores: Scores, low: float, high: float | None = None) -> Positions:
    """Positions of the scores from ``low`` to ``high``, both included, ascending."""
    with core_errors():
        return _core.between(scores, low, high)


def quantile(scores: Scores, q: float) -> float | None:
    """The smallest score that at least a share ``q`` of the rows does not exceed; None without rows."""
    with core_errors():
        return _core.quantile(scores, q)


def top_by_group(
    scores: Scores,
    groups: Codes,
    n_groups: int,
    *,
    counts: Sequence[int] | None = None,
    shares: Sequence[float] | None = None,
    limits: Sequence[float] | None = None,
    least: int | None = None,
    most: int | None = None,
) -> GroupedTop:
    """The best rows of each group, by exactly one of counts, shares and limits.

    Args:
        scores: n scores.
        groups: n codes below ``n_groups``.
        n_groups: number of groups.
        counts: rows that each group keeps; one for all groups, or one for each.
        shares: the share of each group that it keeps, in [0, 1], rounded half up.
        limits: the lowest score that is kept of a group.
        least: minimum number of rows that each group keeps, its best ones.
        most: maximum number of rows that each group keeps.
    """
    bounds = [None if bound is None else [bound] for bound in (least, most)]
    with core_errors():
        found = _core.top_by_group(
            scores, groups, n_groups, _list(counts), _list(shares), _list(limits), *bounds
        )
    return GroupedTop(*found)


def within_budget(scores: Scores, costs: Doubles, budget: float) -> tuple[Positions, float]:
    """Positions, best first, of the rows taken until one does not fit the budget, and their total cost."""
    with core_errors():
        return _core.within_budget(scores, costs, budget)


def random_k(rows: int, k: int, seed: int) -> Positions:
    """Positions of ``k`` of ``rows`` rows, ascending; the draw depends on these three numbers only."""
    return _core.random_k(rows, min(k, rows), seed)


def weights(scores: Scores, power: float, *, mean_one: bool) -> Doubles:
    """score^power of n scores, scaled to a sum of 1, or to a mean of 1."""
    with core_errors():
        return _core.weights(scores, power, mean_one)


def rows_of_share(rows: int, share: float) -> int:
    """The number of rows in a share in [0, 1] of ``rows``: ⌊rows · share + ½⌋."""
    with core_errors():
        return _core.rows_of_share(rows, share)


def apportion(sizes: Sequence[int], k: int) -> list[int]:
    """Share ``k`` among parts by their sizes, the rest to the largest remainders, ties to the lower part."""
    return _core.apportion(list(sizes), k)


class AggregatedScores(NamedTuple):
    """One score for each row, NaN if it has none; the number of missing scores, and of rows without any."""

    values: Doubles
    missing: int
    empty_rows: int


def aggregate(
    scores: Scores | list[Scores],
    method: str,
    *,
    weights: Sequence[float] | None,
    trim: float,
    clip: float,
    limit: float,
    skip_missing: bool,
) -> AggregatedScores:
    """Combine the scores of each row into one.

    Args:
        scores: n × m, C-contiguous; or m columns of n, all of one precision.
        method: one of :data:`w2s.aggregation.AGGREGATIONS`.
        weights: m weights, for the methods that take them.
        trim: share of the columns left out at each end, in [0, 0.5).
        clip: probabilities are first moved into [clip, 1 − clip].
        limit: the score from which a column votes for a row.
        skip_missing: whether NaN is a missing score; otherwise it is an error.
    """
    weighed = _list(weights)
    with core_errors():
        found = _core.aggregate(
            scores,
            method,
            {"weights": weighed, "trim": trim, "clip": clip, "limit": limit},
            skip_missing,
        )
    return AggregatedScores(*found)


class GridPoint(NamedTuple):
    """One threshold of a grid on the calibration rows.

    Attributes:
        threshold: rows with at least this score are kept.
        coverage: share of the calibration rows that are kept.
        kept: number of these rows.
        correct: number of these rows that are right.
        bound: lower bound of the purity; with probability 1 − delta it holds at all thresholds.
    """

    threshold: float
    coverage: float
    kept: int
    correct: int
    bound: float


def certify(
    scores: Scores,
    correct: Flags,
    *,
    purity: float,
    delta: float,
    bound: str,
    grid: Sequence[float],
    folds: Codes | None = None,
    fitted: Sequence[int] | None = None,
) -> tuple[bool, GridPoint | None]:
    """Whether a threshold of the grid reaches the purity; that threshold, or else the best one."""
    with core_errors():
        reached, seen = _core.certify(scores, correct, purity, delta, bound, list(grid), folds, _list(fitted))
    return reached, None if seen is None else GridPoint(*seen)


def crowd_methods() -> list[str]:
    """Names of the methods of :func:`crowd_fit`."""
    return _core.crowd_methods()


def crowd_fit(
    items: Codes,
    workers: Codes,
    votes: Codes,
    weights: Doubles | None,
    shape: tuple[int, int, int],
    method: str,
    *,
    max_iterations: int,
    tolerance: float,
    priors: Sequence[float] | None,
    skills: Sequence[float] | None,
    restarts: int,
    seed: int,
) -> Consensus:
    """Aggregate votes into one label for each item.

    Args:
        items: code of the item of each of n votes.
        workers: code of the worker of each vote.
        votes: class code, or :data:`ABSTAIN`.
        weights: weight of each vote; None if all are 1.
        shape: number of items, workers and classes.
        method: one of :func:`crowd_methods`.
        max_iterations: maximum number of iterations, at least 1.
        tolerance: the fit has converged when its objective rises by less than this share of its size.
        priors: share of each class.
        skills: weight of each worker's votes; weighted_majority only.
        restarts: number of starts of mace, at least 1.
        seed: random seed of all starts but the first.
    """
    with core_errors():
        return _core.crowd_fit(
            items,
            workers,
            votes,
            weights,
            shape,
            method,
            {
                "max_iterations": max_iterations,
                "tolerance": tolerance,
                "priors": _list(priors),
                "skills": _list(skills),
                "restarts": restarts,
                "seed": seed,
            },
        )


def _list(values: Sequence[Item] | None) -> list[Item] | None:
    return None if values is None else list(values)
