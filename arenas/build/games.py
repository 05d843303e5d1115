"""Plays the games of the ladder in lockstep, a shard of them at a time.

Policies learn from other games than those that puzzles are mined from (``purpose``). A game starts from one
of our own openings, cut at random, between two players of :mod:`players`. The same seed gives the same games.
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
LONGEST = 220
_DECIDED_CP, _DECIDED_PLIES, _PLAYED_OUT = 1000, 6, 0.35


@dataclass(slots=True)
class Played:
    """One game; ``players`` by side to move.

    ``sure`` counts the last plies in which it was decided; where it ``resigns`` that ends it.
    """

    number: int
    state: State
    players: tuple[Player, Player]
    draw: random.Random
    resigns: bool
    opening_plies: int = 0
    sure: int = 0

    def play(self, choice: Choice) -> None:
        """Play a move and look whether the game is decided."""
        decided = choice.value_cp is not None and abs(choice.value_cp) >= _DECIDED_CP
        self.sure = self.sure + 1 if decided else 0
        self.state = self.state.play(choice.move)

    @property
    def is_over(self) -> bool:
        """Whether the rules, the length or the players end it."""
        resigned = self.resigns and self.sure >= _DECIDED_PLIES
        return resigned or self.state.ply >= LONGEST or self.state.outcome() is not None


@cache
def openings(name: str) -> tuple[tuple[str, ...], ...]:
    """The moves of the bundled openings of a game."""
    lines = (OPENINGS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.partition(":")[2].split()) for line in lines if line and line[0] != "#")


def begin(name: str, number: int, seed: int, purpose: str) -> Played:
    """Game ``number`` of a ``purpose``: its opening, its players and its generator, all by the seed."""
    draw = random.Random(f"{purpose}:{name}:{seed}:{number}")
    line = draw.choice(openings(name))
    line = line[: draw.randint(0, len(line))]
    pool = PLAYERS[name]
    first, second = draw.choices(pool, [player.weight for player in pool], k=2)
    state = game(name).state("startpos", line)
    resigns = draw.random() >= _PLAYED_OUT
    return Played(number, state, (first, second), draw, resigns, len(line))


def play(
    name: str, numbers: Sequence[int], seed: int, engine: Stockfish | None, purpose: str = "ladder"
) -> list[Played]:
    """Games played in lockstep, in the order of their numbers."""
    games = [begin(name, number, seed, purpose) for number in numbers]
    if engine is not None:
        engine.forget()
    active = [one for one in games if not one.is_over]
    while active:
        for player in PLAYERS[name]:
            mine = [one for one in active if one.players[one.state.to_move] is player and not one.is_over]
            if mine:
                step(player, mine, engine)
        active = [one for one in active if not one.is_over]
    return games


def step(player: Player, games: Sequence[Played], engine: Stockfish | None) -> None:
    """Let a player move in each of the games."""
    choices = choose(player, [one.state for one in games], [one.draw for one in games], engine)
    for one, choice in zip(games, choices, strict=True):
        one.play(choice)


def replay(name: str, moves: Sequence[str], opening_plies: int) -> Iterator[State]:
    """The states of a game in which its players moved."""
    state = game(name).state("startpos", list(moves[:opening_plies]))
    for move in moves[opening_plies:]:
        yield state
        state = state.play(move)
