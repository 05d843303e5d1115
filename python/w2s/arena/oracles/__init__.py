"""Oracles, which verify labels: search, a UCI engine, a tablebase, an exact solver."""

from w2s.arena.oracles.oracle import Case, Finding, Oracle, regret_cp
from w2s.arena.oracles.registry import ORACLES, load_oracles

__all__ = ["ORACLES", "Case", "Finding", "Oracle", "load_oracles", "regret_cp"]
