"""Learning-rate schedules of policy nets: pure, continuous functions of the share of finished steps."""

from __future__ import annotations

import math
from collections.abc import Callable

_WARM, _FIRST, _LAST = 0.3, 1 / 25, 1 / 25e4


def one_cycle(done: float) -> float:
    """Share of the peak rate: from 1/25 to 1 in the first 0.3 of the steps, then to 1/250,000, by cosines.

    Source: Smith, Topin, *Super-convergence*, arXiv 1708.07120; the shape of torch's ``OneCycleLR``.

    Args:
        done: share of finished steps, in [0, 1].
    """
    if done <= _WARM:
        return _between(_FIRST, 1.0, done / _WARM)
    return _between(1.0, _LAST, (done - _WARM) / (1.0 - _WARM))


def cosine(done: float) -> float:
    """Share of the peak rate: from 1 to 0, by a cosine."""
    return _between(1.0, 0.0, done)


def constant(done: float) -> float:
    """The peak rate at every step."""
    del done
    return 1.0


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * share)) / 2.0


SCHEDULES: dict[str, Callable[[float], float]] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "constant": constant,
}
"""Schedules by the name in the settings."""
