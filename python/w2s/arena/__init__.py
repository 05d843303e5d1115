"""The arena: players meet in paired matches, and every position becomes a verified label.

Knows nothing about trust functions or training.
"""

from w2s.arena.loading import load_spec
from w2s.arena.pipeline import Progress, run
from w2s.arena.spec import ArenaSpec

__all__ = ["ArenaSpec", "Progress", "load_spec", "run"]
