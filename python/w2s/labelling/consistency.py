"""Several labels of one example: how many say what another says, and how far they are apart.

Knows nothing about who drew them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from w2s.tasks import Example, task_for


def self_consistency(example: Example, label: str, samples: Sequence[str]) -> float:
    """The share of the samples that mean the same as the label, in [0, 1]; NaN where there are none."""
    if not samples:
        return float("nan")
    return sum(_same(example, sample, label) for sample in samples) / len(samples)


def predictive_entropy(example: Example, samples: Sequence[str]) -> float:
    """The entropy over the meanings of the samples, in nats; NaN where there are none."""
    if not samples:
        return float("nan")
    shares = np.array(told_apart(example, samples)) / len(samples)
    return max(0.0, -float((shares * np.log(shares)).sum()))


def told_apart(example: Example, samples: Sequence[str]) -> list[int]:
    """How many of the samples mean the same, for each meaning."""
    groups: dict[str, int] = {}
    for sample, count in Counter(samples).items():
        alike = next((first for first in groups if _same(example, sample, first)), sample)
        groups[alike] = groups.get(alike, 0) + count
    return [*groups.values()]


def _same(example: Example, left: str, right: str) -> bool:
    """Whether two labels say the same; two replies without one, where they are the same text."""
    return left == right or task_for(example).same(example, left, right)
