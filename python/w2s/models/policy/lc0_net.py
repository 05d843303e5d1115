"""The architecture of Lc0's residual nets, with batch norms folded into their convolutions.

Knows nothing about Lc0's files. Policies: ``plain`` (a convolution over places, one linear layer) and
``convolution`` (a plane for each direction and distance).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from w2s import kernels
from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.heads import Plain
from w2s.models.policy.net import PolicyNet
from w2s.models.policy.squeeze import Squeeze

POLICY_PLANES = 80
"""Planes of a convolutional policy; the last seven are never read."""


class Block(nn.Module):
    """Two convolutions and a squeeze beside a shortcut."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.squeeze = Squeeze(channels, squeezed) if squeezed else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Shaped like ``x``."""
        return torch.relu(x + self.squeeze(self.second(torch.relu(self.first(x)))))


class PlanesOfMoves(nn.Module):
    """Lc0's convolutional policy: logits lie at the from-square, one plane for each way to move."""

    places: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, POLICY_PLANES, 3, padding=1)
        self.register_buffer("places", torch.from_numpy(kernels.lc0_places()), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, 1858) from (n, channels, 8, 8)."""
        planes: Tensor = self.second(torch.relu(self.first(features)))
        return planes.flatten(1).index_select(1, self.places)


class Lc0Net(PolicyNet):
    """The net of architecture ``lc0``, with fresh weights from torch's random numbers."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        (planes, rows, columns), policy = config.shape
        self.stem = nn.Conv2d(planes, config.channels, 3, padding=1)
        self.tower = nn.Sequential(*(Block(config.channels, config.squeeze) for _ in range(config.blocks)))
        self.head: nn.Module = (
            PlanesOfMoves(config.channels)
            if config.head == "convolution"
            else Plain(config.channels, config.head_channels, rows * columns, policy)
        )
