"""Hugging Face models: causal language models, and encoders with a multiple-choice head.

Knows nothing about matches, trust or training. This module, ``settings`` and ``loading`` need no torch.
"""

from w2s.models.hf.loading import KIND

__all__ = ["KIND"]
