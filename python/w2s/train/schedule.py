"""Learning rates over the steps of a training: pure, continuous functions.

Knows nothing about optimizers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_WARM, _FIRST, _LAST = 0.3, 1 / 25, 1 / 25e4


def one_cycle(done: float) -> float:
    """Share of the peak rate: up from 1/25 in the first 0.3 of the steps, then down to 1/250,000, by cosines.

    Source: Smith, Topin, *Super-convergence*, arXiv 1708.07120; the shape of torch's ``OneCycleLR``.
    ``done`` in [0, 1] is the share of the steps that are done.
    """
    if done <= _WARM:
        return _between(_FIRST, 1.0, done / _WARM)
    return _between(1.0, _LAST, (done - _WARM) / (1.0 - _WARM))


def cosine(done: float) -> float:
    """Share of the peak rate: from 1 down to 0."""
    return _between(1.0, 0.0, done)


def constant(done: float) -> float:
    """Always the peak rate."""
    del done
    return 1.0


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * share)) / 2.0


SCHEDULES: dict[str, Callable[[float], float]] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "constant": constant,
}
"""By the name that :class:`w2s.train.Settings` takes."""
