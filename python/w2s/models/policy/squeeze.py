"""Squeeze and excitation: a block's channels are scaled and shifted by what the whole board shows.

Source: Hu, Shen, Albanie, Sun, Wu, *Squeeze-and-Excitation Networks*, arXiv 1709.01507; with a shift beside
the scale, as Lc0's nets have it. Knows nothing about the net around it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Squeeze(nn.Module):
    """``x → sigmoid(a) x + b`` with a, b (n, channels) from the mean of x (n, channels, rows, columns)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, squeezed, 1)
        self.widen = nn.Conv2d(squeezed, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The scaled and shifted board, shaped like ``x``."""
        whole = x.mean((2, 3), keepdim=True)
        scale, shift = self.widen(torch.relu(self.narrow(whole))).chunk(2, 1)
        out: Tensor = torch.sigmoid(scale) * x + shift
        return out
