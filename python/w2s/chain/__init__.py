"""Weak-to-strong chains: teacher → labels → trust → selection → student, in rounds, with all arms."""

from w2s.chain.config import ChainConfig
from w2s.chain.config_file import load_config
from w2s.chain.estimate import estimate
from w2s.chain.report import ChainReport
from w2s.chain.run import run

__all__ = ["ChainConfig", "ChainReport", "estimate", "load_config", "run"]
