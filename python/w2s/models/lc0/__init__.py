"""Networks in Lc0's weights format as models: ``lc0:FILE.pb.gz``, Maia included.

Importing this package does not import torch.
"""

from w2s.models.lc0.loading import KIND

__all__ = ["KIND"]
