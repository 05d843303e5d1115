"""What a chain reports of its arms: accuracy, Recovery and PGR, with intervals over test rows and seeds.

Knows nothing about how answers came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.metrics import Interval, Ratio, accuracy, difference, pgr, recovery

Right = npt.NDArray[np.float64]
"""Seeds × test rows: 1 where the answer was right."""
Measure = dict[str, Any]


def measure(found: Interval | Ratio, seeds: int) -> Measure:
    """``{mean, low, high, seeds}``; None for a ratio whose gap is too small to divide by, and ``refused``."""
    value: Measure = {"mean": found.value, "low": found.low, "high": found.high, "seeds": seeds}
    if isinstance(found, Ratio) and found.value is None:
        value["refused"] = "gap too small: its interval is not above 0"
    return value


def over_seeds(values: Sequence[float]) -> Measure:
    """A number that each seed gave once: its mean and its range."""
    numbers = np.array(values, np.float64)
    return {
        "mean": float(numbers.mean()),
        "low": float(numbers.min()),
        "high": float(numbers.max()),
        "seeds": len(numbers),
    }


def arm_measures(right: Right, fixed: Mapping[str, Right], seed: int) -> Measure:
    """Accuracy, and Recovery and PGR where base, teacher and ceiling are known.

    Args:
        right: of the arm.
        fixed: of ``base``, ``teacher`` and ``ceiling``, as far as they were measured.
        seed: of the bootstrap.
    """
    seeds = len(right)
    found = {"accuracy": measure(accuracy(right, seed=seed), seeds)}
    if "ceiling" in fixed and "base" in fixed:
        found["recovery"] = measure(recovery(right, fixed["base"], fixed["ceiling"], seed=seed), seeds)
    if "ceiling" in fixed and "teacher" in fixed:
        found["pgr"] = measure(pgr(right, fixed["teacher"], fixed["ceiling"], seed=seed), seeds)
    return found


def margin_over(right: Right, other: Right, seed: int) -> Measure:
    """How much more often an arm is right than another, paired by test row."""
    return measure(difference(right, other, seed=seed), len(right))
