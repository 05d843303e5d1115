"""Policy nets as models: a network that looks once and gives a probability to every legal move.

Knows nothing about matches, trust or training. This module and ``loading`` need no torch.
"""

from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.loading import KIND

__all__ = ["KIND", "PolicyConfig"]
