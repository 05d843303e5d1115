"""Results of games, and their counts by pairs: points scored in both games of a pair, and single games."""

from __future__ import annotations

from collections import defaultdict
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


_NO_PAIRS = (0, 0, 0, 0, 0)
_NO_SINGLES = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pentanomial:
    """The results of a player, by pairs of games.

    The two games of a pair share an opening, so their results depend on each other. The independent unit is
    therefore the pair, not the game.

    Attributes:
        pairs: number of pairs in which the player scored 0, 0.5, 1, 1.5 and 2.
        singles: number of games without a partner in which the player scored 0, 0.5 and 1.
        wins: number of games won, paired or not.
        draws: number of games drawn, paired or not.
        losses: number of games lost, paired or not.
    """

    pairs: tuple[int, int, int, int, int] = _NO_PAIRS
    singles: tuple[int, int, int] = _NO_SINGLES
    wins: int = 0
    draws: int = 0
    losses: int = 0

    def __post_init__(self) -> None:
        counts = (*self.pairs, *self.singles, self.wins, self.draws, self.losses)
        if min(counts) < 0:
            raise DataError("rating-negative-counts", f"counts of results cannot be negative: {counts}")
        games, points = self.wins + self.draws + self.losses, self.wins + self.draws / 2
        if (self.games, self.points) != (games, points):
            raise DataError(
                "rating-counts-contradict", f"wins, draws and losses contradict the pairs: {counts}"
            )

    @classmethod
    def from_pairs(cls, pairs: tuple[int, int, int, int, int], *, split: int = 0) -> Pentanomial:
        """Counts from pairs alone.

        Args:
            pairs: number of pairs in which the player scored 0, 0.5, 1, 1.5 and 2.
            split: number of pairs with one point that are a win and a loss; the others are two draws.
        """
        lost, down, level, up, won = pairs
        wins, losses = 2 * won + up + split, 2 * lost + down + split
        return cls(pairs, _NO_SINGLES, wins, up + down + 2 * (level - split), losses)

    @classmethod
    def from_games(cls, wins: int, draws: int, losses: int) -> Pentanomial:
        """Counts of games without partners (a trinomial)."""
        return cls(_NO_PAIRS, (losses, draws, wins), wins, draws, losses)

    @property
    def n_pairs(self) -> int:
        """Number of complete pairs."""
        return sum(self.pairs)

    @property
    def games(self) -> int:
        """Number of games, paired or not."""
        return 2 * sum(self.pairs) + sum(self.singles)

    @property
    def units(self) -> int:
        """Number of independent results: pairs and unpaired games."""
        return sum(self.pairs) + sum(self.singles)

    @property
    def points(self) -> float:
        """Points scored in all games."""
        paired = sum(half * count for half, count in enumerate(self.pairs))
        return (paired + sum(half * count for half, count in enumerate(self.singles))) / 2

    @property
    def draw_ratio(self) -> float | None:
        """Fraction of the games that were drawn; None without games."""
        return self.draws / self.games if self.games else None

    def swapped(self) -> Pentanomial:
        """The same games counted for the opponent."""
        lost, down, level, up, won = self.pairs
        loss, draw, win = self.singles
        return Pentanomial(
            (won, up, level, down, lost), (win, draw, loss), self.losses, self.draws, self.wins
        )


def tally(results: Iterable[GameResult], player: str, opponent: str | None = None) -> Pentanomial:
    """Count the games of ``player`` against ``opponent``, or against everyone if that is None.

    Two games are a pair if they have the same pair number and the same players, and each player started one
    of them. Every other game counts as unpaired.

    Raises:
        DataError: a pair number has more than two games of the same players.
    """
    groups: dict[tuple[int, str], list[GameResult]] = defaultdict(list)
    for result in results:
        if player not in (result.first, result.second):
            continue
        other = result.second if result.first == player else result.first
        if opponent in (None, other):
            groups[result.pair, other].append(result)
    return _count(groups, player)


def _count(groups: dict[tuple[int, str], list[GameResult]], player: str) -> Pentanomial:
    pairs, singles, games = [0] * 5, [0] * 3, [0] * 3
    for (pair, other), group in groups.items():
        if len(group) > 2:
            raise DataError(
                "rating-pair-too-large",
                f"pair {pair} of {player!r} and {other!r} has {len(group)} games; a pair has two",
            )
        halves = [_half_points(result, player) for result in group]
        for half in halves:
            games[half] += 1
        if len(group) == 2 and group[0].first != group[1].first:
            pairs[sum(halves)] += 1
        else:
            for half in halves:
                singles[half] += 1
    lost, down, level, up, won = pairs
    loss, draw, win = singles
    return Pentanomial((lost, down, level, up, won), (loss, draw, win), games[2], games[1], games[0])


def _half_points(result: GameResult, player: str) -> int:
    score = result.score if result.first == player else 1 - result.score
    return round(2 * score)
