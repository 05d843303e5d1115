"""UCI engines as models; the only package, besides the answer checker of the tasks, that starts processes."""

from w2s.models.uci.finder import find_engines
from w2s.models.uci.loading import KIND
from w2s.models.uci.model import UciModel

__all__ = ["KIND", "UciModel", "find_engines"]
