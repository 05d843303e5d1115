"""The network in torch: what fitting trains.

Knows nothing about data. Its twin without gradients is :mod:`w2s.trust.neural.forward`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from w2s.trust.neural.forward import EPSILON


class Network(nn.Module):
    """n × d features → n logits: entry, residual blocks, RMSNorm, exit.

    Source: Uzunoglu, Zhang and Khashabi, arXiv 2606.01000; RMSNorm: Zhang and Sennrich, 2019; SwiGLU:
    Shazeer, 2020; stochastic depth: Huang et al., 2016.
    """

    def __init__(
        self,
        features: int,
        *,
        width: int,
        inner: int,
        blocks: int,
        dropout: float,
        input_dropout: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.thin = nn.Dropout(input_dropout)
        self.entry = nn.Linear(features, width)
        rates = [drop_path * (block + 1) / blocks for block in range(blocks)]
        self.blocks = nn.ModuleList(Block(width, inner, dropout, rate) for rate in rates)
        self.norm = RootMeanSquareNorm(width)
        self.exit = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """n logits."""
        h = self.entry(self.thin(x))
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.exit(self.norm(h))[:, 0]
        return logits


class Block(nn.Module):
    """h + SwiGLU(RMSNorm(h)), left out for a row with the probability ``drop_path`` while training."""

    def __init__(self, width: int, inner: int, dropout: float, drop_path: float) -> None:
        super().__init__()
        self.norm = RootMeanSquareNorm(width)
        self.gate = nn.Linear(width, inner)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = drop_path

    def forward(self, h: Tensor) -> Tensor:
        """n × width, as it came in."""
        x = self.norm(h)
        change = self.down(self.dropout(nn.functional.silu(self.gate(x)) * self.up(x)))
        if self.training and self.drop_path:
            kept = torch.rand(len(h), 1) >= self.drop_path
            change = change * kept / (1 - self.drop_path)
        total: Tensor = h + change
        return total


class RootMeanSquareNorm(nn.Module):
    """x · gain / root mean square of x, over each row."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """n × width."""
        normed: Tensor = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON) * self.gain
        return normed
