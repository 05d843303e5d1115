"""Hugging Face models: language models that read an example as text, and encoders with a multiple-choice head.

Knows nothing about matches, trust or training. This module, ``settings`` and ``loading`` need no torch.
"""

from w2s.models.hf.loading import KIND

__all__ = ["KIND"]
