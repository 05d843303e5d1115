"""The result of one game, which ratings are made from; a void game has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from w2s.errors import DataError


@dataclass(frozen=True, slots=True)
class GameResult:
    """The result of one game.

    Attributes:
        first: name of the player that started.
        second: name of the other player.
        pair: number of the two games that share an opening.
        score: points of ``first``: 0, 0.5 or 1.
        forfeit: whether the game was lost by an illegal move, a crash or the clock.

    Raises:
        DataError: a player plays against itself, or the score is invalid.
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
    """The games that were not forfeited; the partner of a forfeited game is kept as unpaired."""
    return [result for result in results if not result.forfeit]
