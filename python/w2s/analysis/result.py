"""Numbers with bootstrap intervals over rows and seeds of the chain, as results of a measure.

The rows of a seed are drawn with replacement, as numbers of times that each row counts; then seeds are drawn.
Pools with the same number of rows use the same draws, because all seeds of a first round have one pool.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.metrics import Interval
from w2s.metrics.bootstrap import CONFIDENCE_LEVEL, percentile_interval

Doubles = npt.NDArray[np.float64]
Statistic = Callable[[Doubles], Doubles]
"""How often each of n rows counts, shape (draws, n) → a number for each draw, shape (draws,); NaN if it is
not defined."""
DRAWS = 1000
_MAX_CELLS = 1 << 22


@dataclass(frozen=True)
class Result:
    """A number that a measure found.

    Attributes:
        name: what the number is.
        group: the rows that it is about.
        value: the number; None if it is not defined.
        low: lower end of its 95 % interval.
        high: upper end.
        n: number of rows behind it, summed over seeds.
        seeds: number of seeds.
    """

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    seeds: int = 1

    @classmethod
    def of(cls, name: str, group: str, found: Interval, n: int, seeds: int = 1) -> Result:
        """A result from a number and its interval; NaN becomes None."""
        value, low, high = (None if math.isnan(number) else float(number) for number in found)
        return cls(name, group, value, low, high, n, seeds)

    @property
    def is_above_zero(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low is not None and self.low > 0

    @property
    def is_below_zero(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.high is not None and self.high < 0

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class Sample:
    """A statistic of the rows of one seed.

    Attributes:
        rows: number of rows that are drawn.
        statistic: the number, from how often each row counts.
        n: number of rows behind the number; None for all.
    """

    rows: int
    statistic: Statistic
    n: int | None = None

    @property
    def size(self) -> int:
        """Number of rows behind the number."""
        return self.rows if self.n is None else self.n


def bootstrap(
    name: str, group: str, samples: Sequence[Sample], *, seed: int = 0, draws: int = DRAWS
) -> Result:
    """The mean of a statistic over seeds, with its bootstrap interval over rows and seeds.

    Args:
        name: what the number is.
        group: the rows that it is about.
        samples: one for each seed of the chain.
        seed: random seed of the draws.
        draws: number of draws.

    Example:
        >>> values = np.array([0.0, 1.0, 1.0, 1.0])
        >>> bootstrap("share", "all", [Sample(4, mean_of(values))]).value
        0.75
    """
    values = [float(one.statistic(np.ones((1, one.rows)))[0]) if one.rows else math.nan for one in samples]
    defined = [one for one, value in zip(samples, values, strict=True) if not math.isnan(value)]
    n, seeds = sum(one.size for one in samples), len(samples)
    if not defined:
        return Result(name, group, None, None, None, n, seeds)
    sampled = np.stack([_draw(one, seed, draws) for one in defined])
    if len(defined) > 1:
        chosen = np.random.default_rng([seed, 1]).integers(0, len(defined), sampled.shape)
        sampled = np.take_along_axis(sampled, chosen, axis=0)
    interval = percentile_interval(float(np.nanmean(values)), sampled.mean(axis=0), CONFIDENCE_LEVEL)
    return Result.of(name, group, interval, n, seeds)


def bootstrap_share(name: str, group: str, samples: Sequence[Sample], *, seed: int = 0) -> Result:
    """The share of rows with a property. If no row has it or all have it, a bootstrap has no spread, and the
    interval is that of Clopper and Pearson for the rows of one seed.

    Args:
        name: what the share is.
        group: the rows that it is about.
        samples: one for each seed of the chain.
        seed: random seed of the draws.

    Example:
        >>> found = bootstrap_share("better", "kept", [Sample(50, mean_of(np.zeros(50)))])
        >>> found.value, found.low, round(found.high, 3)
        (0.0, 0.0, 0.071)
    """
    found = bootstrap(name, group, samples, seed=seed)
    if found.value not in (0.0, 1.0):
        return found
    reach = 1 - ((1 - CONFIDENCE_LEVEL) / 2) ** (1 / max(one.size for one in samples))
    low, high = (0.0, reach) if found.value == 0 else (1 - reach, 1.0)
    return replace(found, low=low, high=high)


def _draw(sample: Sample, seed: int, draws: int) -> Doubles:
    random = np.random.default_rng([seed, 0])
    share = np.full(sample.rows, 1 / sample.rows)
    batch = max(1, _MAX_CELLS // sample.rows)
    parts = []
    for start in range(0, draws, batch):
        times = random.multinomial(sample.rows, share, size=min(batch, draws - start))
        parts.append(sample.statistic(times.astype(np.float64)))
    return np.concatenate(parts)


def mean_of(values: npt.ArrayLike, rows: npt.ArrayLike | None = None) -> Statistic:
    """The mean of some values.

    Args:
        values: n numbers; those of other rows may be NaN.
        rows: n flags: the rows that count; None for all.
    """
    numbers = np.asarray(values, np.float64)
    counted = np.ones(len(numbers)) if rows is None else np.asarray(rows, np.float64)
    numbers = np.where(counted > 0, numbers, 0.0)

    def statistic(times: Doubles) -> Doubles:
        total = times @ counted
        found: Doubles = np.divide(
            times @ (numbers * counted), total, out=np.full(len(times), np.nan), where=total > 0
        )
        return found

    return statistic


def difference_of(first: Statistic, second: Statistic) -> Statistic:
    """The first statistic minus the second, on the same draws."""
    return lambda times: first(times) - second(times)
