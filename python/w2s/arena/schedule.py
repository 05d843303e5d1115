"""Who meets whom, from which opening and with which colours.

Knows nothing about how matches are played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

from w2s.models.draws import uniform

Format = Literal["match", "round-robin", "gauntlet"]


@dataclass(frozen=True, slots=True)
class Pairing:
    """One match to be played.

    Matches ``2 * pair`` and ``2 * pair + 1`` have one opening (an index) and the two players in turn as
    ``first``, who starts the game: White in chess.
    """

    number: int
    pair: int
    opening: int
    first: str
    second: str


@dataclass(frozen=True)
class Schedule:
    """All matches of an arena in the order in which they are begun; any one is found by its number.

    In every round each couple of players plays one pair of matches, all from the same opening, so that
    couples can be compared wherever a run stops. No opening comes again before all have been used.

    Args:
        players: names, the one who plays a gauntlet first.
        format: ``match`` or ``round-robin``: everybody meets everybody; ``gauntlet``: the first meets
            each other one.
        pairs: pairs of matches of each couple.
        n_openings: how many openings there are, at least 1.
        order: openings ``sequential``, or ``shuffled`` anew by ``seed`` each time all have been used.
        seed: decides the order of the openings and nothing else.

    Example:
        >>> schedule = Schedule(("teacher", "student"), "match", 1, 1, "sequential", 0)
        >>> [(pairing.first, pairing.second) for pairing in schedule]
        [('teacher', 'student'), ('student', 'teacher')]
    """

    players: tuple[str, ...]
    format: Format
    pairs: int
    n_openings: int
    order: Literal["sequential", "shuffled"]
    seed: int

    @property
    def couples(self) -> list[tuple[str, str]]:
        """The couples that meet, in the order of the players."""
        if self.format == "gauntlet":
            return [(self.players[0], other) for other in self.players[1:]]
        return list(combinations(self.players, 2))

    def __len__(self) -> int:
        return 2 * self.pairs * len(self.couples)

    def __iter__(self) -> Iterator[Pairing]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Pairing:
        if not 0 <= number < len(self):
            raise IndexError(f"match {number} is not one of {len(self)}")
        couples = self.couples
        pair = number // 2
        turn, couple = divmod(pair, len(couples))
        first, second = couples[couple] if number % 2 == 0 else couples[couple][::-1]
        return Pairing(number, pair, self._opening(turn), first, second)

    def _opening(self, turn: int) -> int:
        cycle, place = divmod(turn, self.n_openings)
        return place if self.order == "sequential" else _permutation(self.n_openings, self.seed, cycle)[place]


@lru_cache(maxsize=4)
def _permutation(n_openings: int, seed: int, cycle: int) -> list[int]:
    return sorted(range(n_openings), key=lambda opening: uniform(seed, "openings", cycle, opening))
