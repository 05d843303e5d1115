"""Games → gold, pool and test: whole games, drawn by seed.

Knows nothing about how games were played or who answers their positions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from w2s.chain.examples.splits import Splits
from w2s.errors import DataError
from w2s.models.keyed_random import uniform
from w2s.tasks import MoveExample

Answer = Callable[[Sequence[MoveExample]], list[tuple[str, ...]]]
"""The right moves of each position; none where they are not known."""
Count = Callable[[int, int], None]
Game = list[MoveExample]


@dataclass(frozen=True)
class Dealt:
    """Positions by role, and how many of the games of gold and test were left out.

    ``unknown``: because nobody knows the right move; ``any_move``: because every move is right.
    """

    splits: Splits
    unknown: int
    any_move: int


def deal(
    games: Sequence[Game],
    counts: Mapping[str, int],
    answer: Answer,
    seed: int,
    count: Count = lambda *_: None,
) -> Dealt:
    """Each game to one role: first gold, then test, until they have as many positions as are asked for; then
    the pool, at most as many of what is left. A role that ``counts`` lacks gets none.

    From a game come no more positions than all roles need from each, drawn by seed: many games with a few
    positions say more than a few games with many.

    Gold and test are positions whose answer is known and is not every move: where any move is right there is
    nothing to learn and nothing to get wrong. The pool's answers are not looked at.

    Args:
        games: distinct positions of each game.
        counts: positions wanted, by role.
        answer: who knows the right moves.
        seed: of every draw.
        count: told how many of how many answers of a role are known.

    Raises:
        DataError: the games do not have as many, or leave no pool.
    """
    dealer = _Dealer(games, answer, math.ceil(sum(counts.values()) / max(len(games), 1)), seed)
    gold, test = (dealer.verified(role, counts.get(role, 0), count) for role in ("gold", "test"))
    pool = dealer.rest(counts["pool"])
    if not pool:
        raise dealer.too_few("a pool after gold and test", "ask for less gold and test")
    return Dealt(Splits(gold, pool, test), dealer.unknown, dealer.any_move)


class _Dealer:
    """The games that are left, in the order drawn."""

    def __init__(self, games: Sequence[Game], answer: Answer, a_game: int, seed: int) -> None:
        self.unknown = self.any_move = 0
        self._games, self._answer, self._a_game, self._seed = games, answer, a_game, seed
        self._left = iter(sorted(games, key=lambda game: uniform(seed, "role", game[0].group)))

    def verified(self, role: str, wanted: int, count: Count) -> list[MoveExample]:
        """So many positions with their answers, from the next games."""
        rows: list[MoveExample] = []
        while len(rows) < wanted:
            game = next(self._left, None)
            if game is None:
                raise self.too_few(f"{wanted} {role} with a known answer", f"ask for fewer (--{role})")
            rows += self._known(drawn(game, self._a_game, self._seed))
            count(min(len(rows), wanted), wanted)
        return rows[:wanted]

    def rest(self, most: int) -> list[MoveExample]:
        """Positions of all games that are left, at most so many."""
        return drawn(list(itertools.chain.from_iterable(self._left)), most, self._seed)

    def too_few(self, what: str, otherwise: str) -> DataError:
        """The error that says what the games cannot give."""
        positions = sum(map(len, self._games))
        return DataError(
            "chain-too-few-positions",
            f"{len(self._games)} games with {positions} distinct positions are too few for {what}; play "
            f"more games (--games), or {otherwise}",
        )

    def _known(self, game: Game) -> list[MoveExample]:
        rows = []
        for example, right in zip(game, self._answer(game), strict=True):
            if not right:
                self.unknown += 1
            elif len(right) == len(example.state.legal_moves()):
                self.any_move += 1
            else:
                rows.append(replace(example, gold=right))
        return rows


def drawn(examples: Sequence[MoveExample], most: int, seed: int) -> list[MoveExample]:
    """At most so many of the examples, drawn by seed, in their order."""
    order = sorted(examples, key=lambda example: uniform(seed, "drawn", example.id))
    chosen = {example.id for example in order[:most]}
    return [example for example in examples if example.id in chosen]
