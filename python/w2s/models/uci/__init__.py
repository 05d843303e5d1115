"""UCI engines as models; the only place in the package that starts processes.

Knows nothing about matches, trust or training.
"""

from w2s.models.uci.finder import FoundEngine, find_engines
from w2s.models.uci.model import UciModel

__all__ = ["FoundEngine", "UciModel", "find_engines"]
