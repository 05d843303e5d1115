"""UCI engines as models; the only place in the package that starts processes.

Knows nothing about matches, trust or training.
"""

from w2s.models.uci.finder import find_engines
from w2s.models.uci.loading import KIND
from w2s.models.uci.model import UciModel

__all__ = ["KIND", "UciModel", "find_engines"]
