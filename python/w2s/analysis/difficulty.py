"""Measures of how hard a row is, and their rank correlation with trust.

Sources: Paul, Ganguli, Dziugaite, *Deep learning on a data diet*, arXiv 2107.07075 (EL2N); Swayamdipta et
al., *Dataset cartography*, arXiv 2009.10795 (data map).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.analysis.result import Doubles, Statistic

BINS = 10
"""Number of bins of a histogram of difficulty."""


class DataMap(NamedTuple):
    """Where rows lie on a data map.

    Attributes:
        confidence: mean over epochs of the probability of the label, shape (n,).
        variability: standard deviation over epochs, shape (n,).
    """

    confidence: Doubles
    variability: Doubles


def data_map(probabilities: npt.ArrayLike) -> DataMap:
    """The data map of n rows.

    Args:
        probabilities: of the label after each epoch, shape (epochs, n).

    Example:
        >>> found = data_map([[0.2, 0.9], [0.6, 0.9]])
        >>> found.confidence.tolist(), found.variability.round(3).tolist()
        ([0.4, 0.9], [0.2, 0.0])
    """
    values = np.asarray(probabilities, np.float64)
    return DataMap(values.mean(axis=0), values.std(axis=0))


def el2n(label_probability: npt.ArrayLike, sum_of_squares: npt.ArrayLike) -> Doubles:
    """EL2N: the length of the error vector ``p − y``, where y is 1 at the label, shape (n,).

    Args:
        label_probability: probability of the label, shape (n,).
        sum_of_squares: sum of the squares of all probabilities of the row, shape (n,).

    Example:
        >>> el2n([0.5], [0.5 ** 2 + 0.3 ** 2 + 0.2 ** 2]).round(4).tolist()
        [0.6164]
    """
    label, squares = np.asarray(label_probability, np.float64), np.asarray(sum_of_squares, np.float64)
    found: Doubles = np.sqrt(np.maximum(squares - 2 * label + 1, 0.0))
    return found


def spearman_of(first: npt.ArrayLike, second: npt.ArrayLike) -> Statistic:
    """Spearman's rank correlation of two columns as a statistic of drawn rows; ties have their mean rank.

    It is NaN where one column is constant.

    Args:
        first: n numbers.
        second: n numbers.

    Example:
        >>> float(spearman_of([1, 2, 3, 4], [10, 20, 40, 30])(np.ones((1, 4)))[0])
        0.8
    """
    columns = [_Ranks(np.asarray(values, np.float64)) for values in (first, second)]

    def statistic(times: Doubles) -> Doubles:
        total = times.sum(axis=1, keepdims=True)
        ranks = [column.of(times) for column in columns]
        x, y = (one - (times * one).sum(axis=1, keepdims=True) / total for one in ranks)
        product = (times * x * y).sum(axis=1)
        scale = np.sqrt((times * x * x).sum(axis=1) * (times * y * y).sum(axis=1))
        found: Doubles = np.divide(product, scale, out=np.full(len(times), np.nan), where=scale > 0)
        return np.clip(found, -1.0, 1.0)

    return statistic


class _Ranks:
    """The ranks of a column among rows that count several times."""

    def __init__(self, values: Doubles) -> None:
        _, self._place = np.unique(values, return_inverse=True)
        self._order = np.argsort(self._place, kind="stable")
        self._starts = np.flatnonzero(np.diff(self._place[self._order], prepend=-1))

    def of(self, times: Doubles) -> Doubles:
        """The mean rank of each row, shape (draws, n)."""
        counts = np.add.reduceat(times[:, self._order], self._starts, axis=1)
        found: Doubles = (np.cumsum(counts, axis=1) - counts / 2)[:, self._place]
        return found


def bins_of(values: npt.ArrayLike, bins: int = BINS) -> npt.NDArray[np.int64]:
    """The bin of each row in a histogram whose bins hold about equally many rows, shape (n,).

    Equal values share a bin, so there may be fewer bins.

    Example:
        >>> bins_of([3.0, 1.0, 2.0, 4.0], bins=2).tolist()
        [1, 0, 0, 1]
    """
    numbers = np.asarray(values, np.float64)
    edges = np.unique(np.quantile(numbers, np.arange(1, bins) / bins, method="inverted_cdf"))
    return np.searchsorted(edges, numbers, side="left").astype(np.int64)
