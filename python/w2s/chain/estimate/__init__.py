"""Estimates of the cost of a chain: labels, tokens, steps, memory and hours. No weights are loaded."""

from w2s.chain.estimate.estimate import estimate
from w2s.chain.estimate.hardware import MACHINES, Hardware, machine_named, this_machine

__all__ = ["MACHINES", "Hardware", "estimate", "machine_named", "this_machine"]
