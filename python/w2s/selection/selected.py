"""What a selection hands back.

Knows nothing about how it came about.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from w2s.kernels.numbers import Positions


class GroupCount(NamedTuple):
    """A group: its id, its rows, and how many of them are kept."""

    key: Any
    rows: int
    kept: int


class Selected(NamedTuple):
    """A selection.

    Attributes:
        rows: positions of the rows kept, ascending, int64.
        cut: the lowest score kept, where one score cuts the whole table and some row is kept.
        ties_left_out: rows with that score that are not kept.
        dropped: rows left out because a value was null.
        groups: the groups of ``by`` or ``stratify`` that have rows, ascending; empty without either.
        spent: what the rows cost, under a budget.
    """

    rows: Positions
    cut: float | None = None
    ties_left_out: int = 0
    dropped: int = 0
    groups: tuple[GroupCount, ...] = ()
    spent: float | None = None
