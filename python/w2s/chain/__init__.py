"""Teacher → labels → trust → selection → student, round after round, with every arm beside it.

Knows nothing about screens.
"""

from w2s.chain.config import ChainConfig
from w2s.chain.run import run

__all__ = ["ChainConfig", "run"]
