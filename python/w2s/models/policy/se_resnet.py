"""Our own architecture: a residual tower with squeeze and excitation, and a policy head.

Knows nothing about files, examples or training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.heads import FromTo, Plain
from w2s.models.policy.net import PolicyNet
from w2s.models.policy.squeeze import Squeeze


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two convolutions and a squeeze beside a shortcut."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = _convolution(channels, channels)
        self.squeeze = Squeeze(channels, squeezed) if squeezed else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Shaped like ``x``."""
        return torch.relu(x + self.squeeze(self.second(torch.relu(self.first(x)))))


class SeResNet(PolicyNet):
    """The net of architecture ``se_resnet``, with fresh weights from torch's random numbers."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        (planes, rows, columns), policy = config.shape
        self.stem = _convolution(planes, config.channels)
        self.tower = nn.Sequential(*(Block(config.channels, config.squeeze) for _ in range(config.blocks)))
        self.head: nn.Module = (
            FromTo(config.channels, config.head_channels)
            if config.head == "from_to"
            else Plain(config.channels, config.head_channels, rows * columns, policy)
        )
