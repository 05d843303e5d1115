"""What a training tells to whoever watches it.

Knows nothing about what is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """What a step tells to whoever watches: steps done and in all, loss of the step."""

    done: int
    total: int
    loss: float


Watch = Callable[[Step], None]
"""Called after every step."""
