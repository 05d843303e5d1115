"""Kinds of example: how one is asked, read and judged.

Knows nothing about who answers.
"""

from w2s.tasks.judging import grade, judge
from w2s.tasks.move import Clock, MoveExample
from w2s.tasks.reading import read_examples

__all__ = ["Clock", "MoveExample", "grade", "judge", "read_examples"]
