"""What every policy net can do: features of the board from its planes, and a policy from the features.

Knows no particular architecture, no file and no example.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn

from w2s.models.policy.config import PolicyConfig


class PolicyNet(nn.Module):
    """A net over moves: a stem, a tower, a head; ``config`` says what it is made of."""

    config: PolicyConfig
    stem: nn.Module
    tower: nn.Module
    head: nn.Module

    def features(self, planes: Tensor) -> Tensor:
        """The last features of the board, (n, channels, rows, columns), from planes (n, C, rows, columns)."""
        out: Tensor = self.tower(torch.relu(self.stem(planes)))
        return out

    def logits(self, features: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), legal or not."""
        out: Tensor = self.head(features)
        return out

    def forward(self, planes: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), from the planes."""
        return self.logits(self.features(planes))


def fingerprint(net: PolicyNet) -> str:
    """Sixteen hexadecimal digits of the weights, wherever they lie and whatever they are called."""
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
