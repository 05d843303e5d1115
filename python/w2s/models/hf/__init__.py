"""Hugging Face models: causal language models, and encoders with a multiple-choice head.

Knows nothing about matches, trust or training. This module, ``settings`` and ``loading`` need no torch.
"""

import logging

from w2s.models.hf.loading import KIND

# peft imports bitsandbytes where it is installed, which tells of kernels that it could fetch from the hub.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

__all__ = ["KIND"]
