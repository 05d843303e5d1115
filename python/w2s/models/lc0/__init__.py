"""Networks in Lc0's weight format as models: ``lc0:FILE.pb.gz``, Maia included.

Knows nothing about matches, trust or training. This module and ``loading`` need no torch.
"""

from w2s.models.lc0.loading import KIND

__all__ = ["KIND"]
