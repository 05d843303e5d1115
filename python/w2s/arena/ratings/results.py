"""The result of one game, as ratings see it.

Knows nothing about how it was played; a void game has no result and never becomes one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from w2s.errors import DataError


@dataclass(frozen=True, slots=True)
class GameResult:
    """Who started, who answered, and what the starter scored.

    ``first`` and ``second`` are names of players, ``pair`` numbers the two games that share an opening,
    ``score`` is what ``first`` scored: 0, 0.5 or 1. ``forfeit`` marks a game that was lost by an illegal
    move, a crash or the clock instead of over the board.

    Raises:
        DataError: a player meets itself, or the score is none of the three.
    """

    first: str
    second: str
    pair: int
    score: float
    forfeit: bool = False

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise DataError(
                "rating-player-meets-itself",
                f"pair {self.pair}: {self.first!r} plays against itself; use two different names",
            )
        if self.score not in (0.0, 0.5, 1.0):
            raise DataError(
                "rating-invalid-score", f"pair {self.pair}: a game scores 0, 0.5 or 1, not {self.score!r}"
            )


def without_forfeits(results: Iterable[GameResult]) -> list[GameResult]:
    """The games that were decided over the board; the partner of a forfeited game stays, unpaired."""
    return [result for result in results if not result.forfeit]
