"""What every policy net can do: features of the board from its planes, and a policy from the features.

Knows no particular architecture, no file and no example.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod

from torch import Tensor, nn

from w2s.models.policy.config import PolicyConfig


class PolicyNet(nn.Module, ABC):
    """A net over moves; ``config`` says what it is made of."""

    config: PolicyConfig

    @abstractmethod
    def features(self, planes: Tensor) -> Tensor:
        """The last features of the board, (n, channels, rows, columns), from planes (n, C, rows, columns)."""

    @abstractmethod
    def logits(self, features: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), legal or not."""

    def forward(self, planes: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), from the planes."""
        return self.logits(self.features(planes))


def fingerprint(net: PolicyNet) -> str:
    """Sixteen hexadecimal digits of the weights, wherever they lie and whatever they are called."""
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
