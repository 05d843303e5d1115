"""The interface of oracles: they take positions with labelled moves and return findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from w2s.games import State


@dataclass(frozen=True, slots=True)
class Case:
    """A position and the legal moves, in canonical notation, that labels name there."""

    id: str
    state: State
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What an oracle found about one labelled move.

    Attributes:
        best: the oracle's best move; None where unknown.
        regret_cp: value of the best move minus the value of this one, in hundredths of a unit, at least 0;
            None where unknown.
        wdl: result with best play for the player to move: 1, 0 or −1; None where unknown.
    """

    best: str | None = None
    regret_cp: int | None = None
    wdl: int | None = None


class Oracle(Protocol):
    """Verifies labelled moves.

    Attributes:
        name: prefix of its columns.
        reference: the text that :func:`load_oracles` takes.
        rank: order of trust; the oracle with the lowest rank that knows the regret decides a verdict.
        game: the only game that it verifies; None for every game.
    """

    name: str
    reference: str
    rank: int
    game: str | None

    def verify(self, cases: Sequence[Case]) -> list[dict[str, Finding]]:
        """The findings by move for each case; an empty one where the oracle cannot judge the move."""
        ...

    def close(self) -> None:
        """Release processes and files."""
        ...


def regret_cp(best_cp: int, move_cp: int, cap_cp: int) -> int:
    """The regret of a move, with both values capped at ±``cap_cp``; never negative."""
    capped = (max(-cap_cp, min(cap_cp, value)) for value in (best_cp, move_cp))
    return max(0, next(capped) - next(capped))
