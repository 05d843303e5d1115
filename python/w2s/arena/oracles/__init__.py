"""Oracles: whoever verifies labels — search, an engine, a tablebase, an exact solver.

Knows nothing about matches: an oracle sees positions and the moves that were answered there.
"""

from w2s.arena.oracles.oracle import Case, Finding, Oracle, regret_cp
from w2s.arena.oracles.registry import ORACLES, load_oracles

__all__ = ["ORACLES", "Case", "Finding", "Oracle", "load_oracles", "regret_cp"]
