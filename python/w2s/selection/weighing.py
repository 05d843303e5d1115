"""Weights instead of a cut: every row counts, the trusted ones more.

Knows nothing about rules.
"""

from __future__ import annotations

from w2s import kernels
from w2s.errors import UsageError
from w2s.kernels.numbers import Doubles


def weights(scores: object, power: float = 1.0, *, scale: str = "mean") -> Doubles:
    """Weights instead of a cut: score^power of each row, float64, scaled to a mean or a sum of 1.

    Args:
        scores: n finite numbers that are not negative.
        power: finite, not negative; with 0 all rows weigh alike.
        scale: "mean" or "sum".

    >>> from w2s.selection import weights
    >>> weights([1.0, 3.0]).tolist()
    [0.5, 1.5]
    """
    if scale not in {"mean", "sum"}:
        raise UsageError("select-unknown-scale", f'scale is {scale!r}; give "mean" or "sum"')
    values = kernels.score_column(scores).refuse_nulls("scores")
    return kernels.weights(values, power, mean_one=scale == "mean")
