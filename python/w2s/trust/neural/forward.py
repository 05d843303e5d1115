"""The forward pass of the network in numpy, for scoring.

Weights are float32 arrays by the names that torch gives them; sums are in double precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.kernels.numbers import Doubles
from w2s.trust.function import Arrays

EPSILON = 1e-6
"""Added to a mean square before its square root."""

_BATCH = 8192


def network_logits(x: npt.NDArray[Any], weights: Arrays, blocks: int) -> Doubles:
    """Compute n logits of n × d features.

    Args:
        x: n × d features.
        weights: arrays of the network, by name.
        blocks: number of residual blocks.
    """
    parts = [
        _logits(x[start : start + _BATCH].astype(np.float64), weights, blocks)
        for start in range(0, len(x), _BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _logits(x: Doubles, weights: Arrays, blocks: int) -> Doubles:
    h = _linear(x, weights, "entry")
    for block in range(blocks):
        h = h + _swiglu(_norm(h, weights[f"blocks.{block}.norm.gain"]), weights, f"blocks.{block}")
    return _linear(_norm(h, weights["norm.gain"]), weights, "exit")[:, 0]


def _swiglu(x: Doubles, weights: Arrays, name: str) -> Doubles:
    gate = _linear(x, weights, f"{name}.gate")
    return _linear(_silu(gate) * _linear(x, weights, f"{name}.up"), weights, f"{name}.down")


def _silu(x: Doubles) -> Doubles:
    y: Doubles = x * 0.5 * (1 + np.tanh(x / 2))
    return y


def _norm(x: Doubles, gain: npt.NDArray[Any]) -> Doubles:
    mean_square = np.mean(np.square(x), axis=1, keepdims=True)
    normed: Doubles = x / np.sqrt(mean_square + EPSILON) * gain
    return normed


def _linear(x: Doubles, weights: Arrays, name: str) -> Doubles:
    y: Doubles = x @ weights[f"{name}.weight"].astype(np.float64).T + weights[f"{name}.bias"]
    return y
