"""The network without torch: its hyperparameters, and its forward pass in numpy, for scoring.

Weights are float32 arrays by the names that torch gives them; sums are in double precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from w2s.kernels.columns import Doubles
from w2s.trust.features import FeatureOptions
from w2s.trust.function import Arrays


class NeuralOptions(FeatureOptions):
    """Options of ``neural``.

    Attributes:
        features: names of evidence.
        width: width of the hidden state.
        blocks: number of residual blocks.
        expansion: width inside a block, as a multiple of ``width``.
        dropout: dropout inside the blocks.
        input_dropout: dropout of the features.
        drop_path: stochastic depth: the probability with which the last block is skipped.
        learning_rate: learning rate of AdamW.
        weight_decay: weight decay of AdamW.
        batch: rows per step.
        epochs: number of epochs; the best one is kept.
        least_steps: minimum number of steps; small gold gets more epochs.
        patience: epochs without a better one after which training stops.
        held_back: share of gold that each network holds out to choose its epoch.
        fits: number of networks that are averaged, each with another part of gold held out.
        threads: threads of torch. Another number rounds sums differently: scores differ by less than 0.02.
    """

    width: int = Field(128, ge=1)
    blocks: int = Field(2, ge=1, le=64)
    expansion: int = Field(1, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)
    input_dropout: float = Field(0.0, ge=0, lt=1)
    drop_path: float = Field(0.1, ge=0, lt=1)
    learning_rate: float = Field(5e-4, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    batch: int = Field(128, ge=1)
    epochs: int = Field(10, ge=1)
    least_steps: int = Field(300, ge=0)
    patience: int = Field(10, ge=1)
    held_back: float = Field(0.15, gt=0, le=0.5)
    fits: int = Field(3, ge=1)
    threads: int = Field(1, ge=1)


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
