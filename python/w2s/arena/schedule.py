"""The schedule of an arena: who plays whom, from which opening and with which colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

from w2s.models.keyed_random import uniform

TournamentKind = Literal["match", "round-robin", "gauntlet"]
"""How players are paired: two players, everybody against everybody, or the first against each other one."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One match to be played.

    Matches ``2 * pair`` and ``2 * pair + 1`` share an opening, and each player starts one of them.

    Attributes:
        number: index of the match in the schedule, from 0.
        pair: number of the pair of matches.
        opening: index of the opening.
        first: the player that starts the game: White in chess.
        second: the other player.
    """

    number: int
    pair: int
    opening: int
    first: str
    second: str


@dataclass(frozen=True)
class Schedule:
    """All matches of an arena in the order in which they start, indexed by number.

    In every round each two players that meet play one pair of matches, all from the same opening, so that
    the results of all players are comparable wherever a run stops. No opening repeats before all are used.

    Attributes:
        players: names; the first one plays the gauntlet.
        tournament: ``match`` or ``round-robin``: everybody meets everybody; ``gauntlet``: the first player
            meets each of the others.
        pairs: pairs of matches that each two players play.
        n_openings: number of openings, at least 1.
        order: ``sequential``, or ``shuffled`` again each time all openings are used.
        seed: random seed for the order of the openings; it decides nothing else.

    Example:
        >>> schedule = Schedule(("teacher", "student"), "match", 1, 1, "sequential", 0)
        >>> [(pairing.first, pairing.second) for pairing in schedule]
        [('teacher', 'student'), ('student', 'teacher')]
    """

    players: tuple[str, ...]
    tournament: TournamentKind
    pairs: int
    n_openings: int
    order: Literal["sequential", "shuffled"]
    seed: int

    @property
    def matchups(self) -> list[tuple[str, str]]:
        """The pairs of players that meet, in the order of the players."""
        if self.tournament == "gauntlet":
            return [(self.players[0], other) for other in self.players[1:]]
        return list(combinations(self.players, 2))

    def __len__(self) -> int:
        return 2 * self.pairs * len(self.matchups)

    def __iter__(self) -> Iterator[Pairing]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Pairing:
        if not 0 <= number < len(self):
            raise IndexError(f"match {number} is out of range: the schedule has {len(self)}")
        matchups = self.matchups
        pair = number // 2
        round_, index = divmod(pair, len(matchups))
        first, second = matchups[index] if number % 2 == 0 else matchups[index][::-1]
        return Pairing(number, pair, self._opening(round_), first, second)

    def _opening(self, round_: int) -> int:
        cycle, index = divmod(round_, self.n_openings)
        return index if self.order == "sequential" else _permutation(self.n_openings, self.seed, cycle)[index]


@lru_cache(maxsize=4)
def _permutation(n_openings: int, seed: int, cycle: int) -> list[int]:
    return sorted(range(n_openings), key=lambda opening: uniform(seed, "openings", cycle, opening))
