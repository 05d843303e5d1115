"""What a chain will take before anything of it starts: labels, tokens, steps, memory and hours.

Knows nothing about how rounds work beyond how many rows each step has. No weights are loaded.
"""

from w2s.chain.estimate.estimate import estimate
from w2s.chain.estimate.machine import MACHINES, Machine, machine_named, this_machine

__all__ = ["MACHINES", "Machine", "estimate", "machine_named", "this_machine"]
