"""Weights of Lc0's file → a policy net.

Knows nothing about the file or about examples.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from w2s.models.lc0.weights import Convolution, Lc0Weights, Linear, ResidualBlock
from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.lc0_net import Lc0Net

_Tensors = dict[str, Tensor]


def config_of(weights: Lc0Weights) -> PolicyConfig:
    """What the net is made of."""
    squeeze = weights.blocks[0].squeeze
    head: Literal["convolution", "plain"] = "convolution" if weights.policy == "convolution" else "plain"
    return PolicyConfig(
        game="chess",
        architecture="lc0",
        channels=len(weights.stem.bias),
        blocks=len(weights.blocks),
        squeeze=0 if squeeze is None else len(squeeze[0].bias),
        head=head,
        head_channels=len(weights.policy_first.bias),
    )


def build(weights: Lc0Weights) -> Lc0Net:
    """The net with these weights, in float32 on the CPU, ready to answer."""
    net = Lc0Net(config_of(weights))
    tensors = _layer("stem", weights.stem)
    for number, block in enumerate(weights.blocks):
        tensors |= _block(f"tower.{number}", block)
    names = ("first", "second") if weights.policy == "convolution" else ("narrow", "linear")
    tensors |= _layer(f"head.{names[0]}", weights.policy_first)
    tensors |= _layer(f"head.{names[1]}", weights.policy_second)
    net.load_state_dict(tensors)
    net.eval()
    return net


def _block(name: str, block: ResidualBlock) -> _Tensors:
    tensors = _layer(f"{name}.first", block.first) | _layer(f"{name}.second", block.second)
    if block.squeeze is not None:
        for part, layer in zip(("narrow", "widen"), block.squeeze, strict=True):
            found = _layer(f"{name}.squeeze.{part}", layer)
            found[f"{name}.squeeze.{part}.weight"] = found[f"{name}.squeeze.{part}.weight"][:, :, None, None]
            tensors |= found
    return tensors


def _layer(name: str, layer: Convolution | Linear) -> _Tensors:
    return {f"{name}.weight": torch.from_numpy(layer.weight), f"{name}.bias": torch.from_numpy(layer.bias)}
