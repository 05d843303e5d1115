"""Policy networks as models: one forward pass gives a probability to every legal move, without search.

Importing this package does not import torch.
"""

from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.loading import KIND

__all__ = ["KIND", "PolicyConfig"]
