"""Intervals of measures of a whole set of gradients, from random halves of its rows.

A bootstrap draws rows twice, which alone lowers a rank and raises a coherence. So the spread is that of the
measure over random halves without repetition: the variance of a mean over random halves of a sample is that
of the mean of the whole sample. Measures that are positive vary by a factor, others by a sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.analysis.gradients import GOLD_COSINE, gram_measures
from w2s.analysis.result import Doubles, Result
from w2s.metrics import Interval
from w2s.metrics.bootstrap import CONFIDENCE_LEVEL, percentile_interval

HALVES = 100
"""Number of random halves."""
_SIGNED = ("mean cosine", GOLD_COSINE)


@dataclass(frozen=True)
class GramSample:
    """Measures of the gradients of one set of rows, and of its random halves.

    Attributes:
        values: measures of all rows, by name.
        halves: measures of each half, by name, shape (halves,).
        n: number of rows.
    """

    values: dict[str, float]
    halves: dict[str, Doubles]
    n: int

    def spread(self, name: str) -> Doubles:
        """How far each half lies from the mean of the halves: factors, or sums for signed measures."""
        found = self.halves[name]
        if name in _SIGNED:
            return np.asarray(found - found.mean())
        logs = np.log(np.maximum(found, np.finfo(np.float64).tiny))
        return np.asarray(np.exp(logs - logs.mean()))


def sample_gram(
    gram: Doubles,
    along: Doubles | None,
    places: npt.NDArray[np.int64],
    seed: int,
    halves: int = HALVES,
) -> GramSample:
    """The measures of a Gram matrix, (n, n) with n ≥ 4, and of random halves of its rows.

    Args:
        gram: inner products of n gradients.
        along: inner products with a gold gradient, see :func:`gram_measures`.
        places: positions of the n rows in the pool. Whether a row is in a half depends on its position alone,
            because seeds of the chain share rows and are not independent.
        seed: random seed of the halves.
        halves: number of halves.
    """
    n = len(gram)
    found: dict[str, list[float]] = {}
    for number in range(halves):
        order = np.random.default_rng([seed, number]).random(int(places.max()) + 1)[places]
        rows = np.sort(np.argsort(order, kind="stable")[: n // 2])
        half = gram_measures(gram[np.ix_(rows, rows)], None if along is None else along[rows])
        for name, value in half.items():
            found.setdefault(name, []).append(value)
    return GramSample(
        gram_measures(gram, along), {name: np.array(values) for name, values in found.items()}, n
    )


def gram_result(name: str, group: str, samples: Sequence[GramSample], seed: int) -> Result:
    """A measure of gradients as the mean over seeds of the chain, with its interval.

    Args:
        name: a name of :func:`gram_measures`.
        group: the rows that it is about.
        samples: one for each seed of the chain.
        seed: random seed of the draws of seeds.
    """
    combine = np.add if name in _SIGNED else np.multiply
    drawn = np.stack([combine(one.values[name], one.spread(name)) for one in samples])
    value = float(np.mean([one.values[name] for one in samples]))
    return _result(name, group, value, drawn, sum(one.n for one in samples), seed)


def ratio_result(
    name: str, group: str, first: Sequence[GramSample], second: Sequence[GramSample], seed: int
) -> Result:
    """How many times as large a measure is in the first set as in the second, with its interval.

    Args:
        name: a positive measure of :func:`gram_measures`.
        group: the rows that are compared, for the result.
        first: one for each seed of the chain.
        second: the other rows of the same seeds.
        seed: random seed of the draws of seeds.
    """
    ratios = [one.values[name] / other.values[name] for one, other in zip(first, second, strict=True)]
    drawn = np.stack(
        [
            ratio * one.spread(name) / other.spread(name)
            for ratio, one, other in zip(ratios, first, second, strict=True)
        ]
    )
    n = sum(one.n + other.n for one, other in zip(first, second, strict=True))
    return _result(f"{name}, ratio", group, float(np.mean(ratios)), drawn, n, seed)


def _result(name: str, group: str, value: float, drawn: Doubles, n: int, seed: int) -> Result:
    if len(drawn) > 1:
        chosen = np.random.default_rng([seed, 1]).integers(0, len(drawn), drawn.shape)
        drawn = np.take_along_axis(drawn, chosen, axis=0)
    interval = Interval(*percentile_interval(value, drawn.mean(axis=0), CONFIDENCE_LEVEL))
    return Result.of(name, group, interval, n, len(drawn))
