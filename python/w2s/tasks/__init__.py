"""Kinds of example: how one is asked, read and judged.

Knows nothing about who answers.
"""

from w2s.tasks.move import Clock, MoveExample

__all__ = ["Clock", "MoveExample"]
