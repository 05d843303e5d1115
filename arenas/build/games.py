"""The games of the ladder, played in lockstep, one shard at a time.

Policies and puzzles use different games (``purpose``). A game starts from a bundled opening, cut at random,
between two players of :mod:`players`. The same seed gives the same games.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from players import PLAYERS, Choice, Player, choose
from stockfish import Stockfish

from w2s.games import State, game

OPENINGS = Path(__file__).resolve().parent.parent / "openings"
MAX_PLIES = 220
_DECIDED_CP, _DECIDED_PLIES, _PLAYED_OUT = 1000, 6, 0.35


@dataclass(slots=True)
class LadderGame:
    """One game.

    Attributes:
        number: number of the game.
        state: the current position.
        players: players by side to move.
        draw: random generator of the game.
        resigns: whether a decided game ends early.
        opening_plies: number of moves that belong to the opening.
        sure: number of consecutive plies in which the game was decided, up to now.
    """

    number: int
    state: State
    players: tuple[Player, Player]
    draw: random.Random
    resigns: bool
    opening_plies: int = 0
    sure: int = 0

    def play(self, choice: Choice) -> None:
        """Play a move and check whether the game is decided."""
        decided = choice.value_cp is not None and abs(choice.value_cp) >= _DECIDED_CP
        self.sure = self.sure + 1 if decided else 0
        self.state = self.state.play(choice.move)

    @property
    def is_over(self) -> bool:
        """Whether the rules, the length or the players end it."""
        resigned = self.resigns and self.sure >= _DECIDED_PLIES
        return resigned or self.state.ply >= MAX_PLIES or self.state.outcome() is not None


@cache
def openings(name: str) -> tuple[tuple[str, ...], ...]:
    """The moves of the bundled openings of a game."""
    lines = (OPENINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.partition(":")[2].split()) for line in lines if line and line[0] != "#")


def begin(name: str, number: int, seed: int, purpose: str) -> LadderGame:
    """Start a game: the seed decides its opening, its players and its random generator."""
    draw = random.Random(f"{purpose}:{name}:{seed}:{number}")
    line = draw.choice(openings(name))
    line = line[: draw.randint(0, len(line))]
    pool = PLAYERS[name]
    first, second = draw.choices(pool, [player.weight for player in pool], k=2)
    state = game(name).state("startpos", line)
    resigns = draw.random() >= _PLAYED_OUT
    return LadderGame(number, state, (first, second), draw, resigns, len(line))


def play(
    name: str, numbers: Sequence[int], seed: int, engine: Stockfish | None, purpose: str = "ladder"
) -> list[LadderGame]:
    """Games played in lockstep, in the order of their numbers."""
    games = [begin(name, number, seed, purpose) for number in numbers]
    if engine is not None:
        engine.new_game()
    active = [one for one in games if not one.is_over]
    while active:
        for player in PLAYERS[name]:
            mine = [one for one in active if one.players[one.state.to_move] is player and not one.is_over]
            if mine:
                _step(player, mine, engine)
        active = [one for one in active if not one.is_over]
    return games


def _step(player: Player, games: Sequence[LadderGame], engine: Stockfish | None) -> None:
    """Let a player move in each of the games."""
    choices = choose(player, [one.state for one in games], [one.draw for one in games], engine)
    for one, choice in zip(games, choices, strict=True):
        one.play(choice)


def replay(name: str, moves: Sequence[str], opening_plies: int) -> Iterator[State]:
    """The states of a game in which its players were to move."""
    state = game(name).state("startpos", list(moves[:opening_plies]))
    for move in moves[opening_plies:]:
        yield state
        state = state.play(move)
