"""The arena: players meet in paired matches, and every position becomes a verified label."""

from w2s.arena.loading import load_spec
from w2s.arena.run import ArenaProgress, run
from w2s.arena.spec import ArenaSpec

__all__ = ["ArenaProgress", "ArenaSpec", "load_spec", "run"]
