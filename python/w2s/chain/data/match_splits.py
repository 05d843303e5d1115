"""Assigns whole games to gold, pool and test, and answers positions by an oracle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from w2s.arena.oracles import Case, Oracle
from w2s.chain.data.splits import Splits
from w2s.errors import DataError
from w2s.models.keyed_random import uniform
from w2s.tasks import MoveExample

Answer = Callable[[Sequence[MoveExample]], list[tuple[str, ...]]]
"""The right moves of each position; none if they are not known."""
Count = Callable[[int, int], None]
Game = list[MoveExample]
_BATCH = 64


@dataclass(frozen=True)
class OracleAnswers:
    """Right moves by the values of an oracle.

    A move is right if its value is at most ``margin_cp`` below the best. As everywhere in the arena, winning
    faster is not better.
    """

    oracle: Oracle
    margin_cp: int = 0

    def right_moves(self, examples: Sequence[MoveExample]) -> list[tuple[str, ...]]:
        """The right moves of each position in the game's order; none if the oracle does not know."""
        cases = [Case(example.id, example.state, tuple(example.state.legal_moves())) for example in examples]
        return [
            tuple(move for move in case.moves if move in found and self._is_right(found[move].regret_cp))
            for case, found in zip(cases, self.oracle.verify(cases), strict=True)
        ]

    def answer(self, examples: Sequence[MoveExample], count: Count) -> list[MoveExample]:
        """All examples with their right moves as gold; ``count`` receives the progress."""
        done: list[MoveExample] = []
        for start in range(0, len(examples), _BATCH):
            some = examples[start : start + _BATCH]
            done += [
                replace(example, gold=right)
                for example, right in zip(some, self.right_moves(some), strict=True)
            ]
            count(len(done), len(examples))
        return done

    def _is_right(self, regret_cp: int | None) -> bool:
        return regret_cp is not None and regret_cp <= self.margin_cp


@dataclass(frozen=True)
class GameSplits:
    """Positions by split.

    Attributes:
        splits: the positions.
        unknown: positions for gold and test left out because the oracle does not know the right move.
        any_move: positions for gold and test left out because every move is right.
    """

    splits: Splits
    unknown: int
    any_move: int


def split_games(
    games: Sequence[Game],
    counts: Mapping[str, int],
    answer: Answer,
    seed: int,
    count: Count = lambda *_: None,
) -> GameSplits:
    """Assign each game to one split: gold first, then test, then the pool from all games that are left.

    A game gives no more positions than all splits need from each, drawn by seed: many games with a few
    positions are more informative than a few games with many. Gold and test are positions whose answer is
    known and is not every move, because otherwise there is nothing to learn and no answer can be wrong. The
    answers of the pool are not used. A split that ``counts`` lacks is empty.

    Args:
        games: distinct positions of each game.
        counts: number of positions, by split.
        answer: gives the right moves.
        seed: random seed of all draws.
        count: progress callback ``(done, total)`` of each split.

    Raises:
        DataError: the games have too few positions.
    """
    splitter = _GameSplitter(games, answer, math.ceil(sum(counts.values()) / max(len(games), 1)), seed)
    gold, test = (splitter.answered(name, counts.get(name, 0), count) for name in ("gold", "test"))
    pool = splitter.rest(counts["pool"])
    if not pool:
        raise splitter.too_few("a pool after gold and test", "request fewer gold and test rows")
    return GameSplits(Splits(gold, pool, test), splitter.unknown, splitter.any_move)


class _GameSplitter:
    """The games that are left, in the order drawn."""

    def __init__(self, games: Sequence[Game], answer: Answer, per_game: int, seed: int) -> None:
        self.unknown = self.any_move = 0
        self._games, self._answer, self._per_game, self._seed = games, answer, per_game, seed
        self._left = iter(sorted(games, key=lambda game: uniform(seed, "role", game[0].group)))

    def answered(self, name: str, wanted: int, count: Count) -> list[MoveExample]:
        """Positions with their answers, from the next games."""
        rows: list[MoveExample] = []
        while len(rows) < wanted:
            game = next(self._left, None)
            if game is None:
                raise self.too_few(f"{wanted} {name} with a known answer", f"request fewer (--{name})")
            rows += self._known(draw_positions(game, self._per_game, self._seed))
            count(min(len(rows), wanted), wanted)
        return rows[:wanted]

    def rest(self, most: int) -> list[MoveExample]:
        """Positions of all games that are left, at most ``most``."""
        return draw_positions(list(itertools.chain.from_iterable(self._left)), most, self._seed)

    def too_few(self, what: str, otherwise: str) -> DataError:
        """The error for games that have too few positions."""
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


def draw_positions(examples: Sequence[MoveExample], most: int, seed: int) -> list[MoveExample]:
    """At most ``most`` of the examples, drawn by seed, in their order."""
    order = sorted(examples, key=lambda example: uniform(seed, "drawn", example.id))
    chosen = {example.id for example in order[:most]}
    return [example for example in examples if example.id in chosen]
