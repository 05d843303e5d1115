"""What an oracle is: positions with answered moves in, findings out.

Knows no particular oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from w2s.games import State


@dataclass(frozen=True, slots=True)
class Case:
    """A position and the legal moves, in canonical form, that were answered there."""

    id: str
    state: State
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What an oracle says about one answered move.

    ``regret_cp``: value of the oracle's best move minus the value of this one, in hundredths of a unit, never
    negative; None where the oracle does not know. ``best``: its best move. ``wdl``: result with best play for
    the player to move, 1, 0 or −1, from oracles that know it.
    """

    best: str | None = None
    regret_cp: int | None = None
    wdl: int | None = None


class Oracle(Protocol):
    """Verifies answered moves.

    ``name`` heads its columns; ``reference`` loads it again; ``rank`` decides whom a verdict believes:
    the lowest rank that knows.
    """

    name: str
    reference: str
    rank: int

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """For each case the findings by move; a move that the oracle cannot judge has an empty one."""
        ...

    def close(self) -> None:
        """Release processes and files."""
        ...


def regret_cp(best_cp: int, move_cp: int, cap_cp: int) -> int:
    """Regret of a move with both values capped at ±``cap_cp``; never negative."""
    capped = (max(-cap_cp, min(cap_cp, value)) for value in (best_cp, move_cp))
    return max(0, next(capped) - next(capped))
