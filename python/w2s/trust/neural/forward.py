"""The network in numpy: what scoring runs.

Knows nothing about how the weights were found. Weights are float32 by the names that torch gives them; sums
are in double precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Weights = Mapping[str, npt.NDArray[Any]]

EPSILON = 1e-6
"""Added to a mean square before its root."""

_ROWS_TOGETHER = 8192


def logits(x: npt.NDArray[Any], weights: Weights, blocks: int) -> Doubles:
    """n logits of n × d features."""
    parts = [
        _logits(x[start : start + _ROWS_TOGETHER].astype(np.float64), weights, blocks)
        for start in range(0, len(x), _ROWS_TOGETHER)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _logits(x: Doubles, weights: Weights, blocks: int) -> Doubles:
    h = _linear(x, weights, "entry")
    for block in range(blocks):
        h = h + _swiglu(_norm(h, weights[f"blocks.{block}.norm.gain"]), weights, f"blocks.{block}")
    return _linear(_norm(h, weights["norm.gain"]), weights, "exit")[:, 0]


def _swiglu(x: Doubles, weights: Weights, name: str) -> Doubles:
    gate = _linear(x, weights, f"{name}.gate")
    return _linear(_silu(gate) * _linear(x, weights, f"{name}.up"), weights, f"{name}.down")


def _silu(x: Doubles) -> Doubles:
    y: Doubles = x * 0.5 * (1 + np.tanh(x / 2))
    return y


def _norm(x: Doubles, gain: npt.NDArray[Any]) -> Doubles:
    mean_square = np.mean(np.square(x), axis=1, keepdims=True)
    normed: Doubles = x / np.sqrt(mean_square + EPSILON) * gain
    return normed


def _linear(x: Doubles, weights: Weights, name: str) -> Doubles:
    y: Doubles = x @ weights[f"{name}.weight"].astype(np.float64).T + weights[f"{name}.bias"]
    return y
