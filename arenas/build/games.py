"""Plays the games that the ladder learns from, in lockstep, a shard of them at a time.

Run by ``make policies`` and ``make puzzles`` through positions.py. A game starts from one of our own
openings, cut at random, between two players of :mod:`players`. The same seed gives the same games.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow as pa
from players import PLAYERS, Choice, Player, choose
from stockfish import Stockfish

from w2s.games import State, game

OPENINGS = Path(__file__).resolve().parent.parent / "openings"
LONGEST = 220
_DECIDED_CP, _DECIDED_PLIES, _PLAYED_OUT = 1000, 6, 0.35

GAMES = pa.schema(
    [
        ("number", pa.int32()),
        ("opening_plies", pa.int16()),
        ("moves", pa.string()),
        ("players", pa.list_(pa.string())),
    ]
)


@dataclass(slots=True)
class Played:
    """One game in progress; ``players`` by side to move, ``sure`` counts plies in which it was decided."""

    number: int
    state: State
    players: tuple[Player, Player]
    draw: random.Random
    resigns: bool
    opening_plies: int = 0
    sure: int = 0
    moves: list[str] = field(default_factory=list)

    def play(self, choice: Choice) -> None:
        """Play a move and look whether the game is decided."""
        decided = choice.value_cp is not None and abs(choice.value_cp) >= _DECIDED_CP
        self.sure = self.sure + 1 if decided else 0
        self.state = self.state.play(choice.move)
        self.moves.append(choice.move)

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


def begin(name: str, number: int, seed: int) -> Played:
    """Game ``number``: its opening, its players and its generator, all by the seed."""
    draw = random.Random(f"ladder:{name}:{seed}:{number}")
    line = draw.choice(openings(name))
    line = line[: draw.randint(0, len(line))]
    pool = PLAYERS[name]
    first, second = draw.choices(pool, [player.weight for player in pool], k=2)
    state = game(name).state("startpos", line)
    resigns = draw.random() >= _PLAYED_OUT
    return Played(number, state, (first, second), draw, resigns, len(line))


def play_shard(name: str, numbers: Sequence[int], seed: int, engine: Stockfish | None) -> pa.Table:
    """Games played in lockstep, one row each in the order of their numbers."""
    games = [begin(name, number, seed) for number in numbers]
    if engine is not None:
        engine.forget()
    active = [one for one in games if not one.is_over]
    while active:
        for player in PLAYERS[name]:
            mine = [one for one in active if one.players[one.state.to_move] is player and not one.is_over]
            if mine:
                step(player, mine, engine)
        active = [one for one in active if not one.is_over]
    return pa.Table.from_pylist([_row(one) for one in games], schema=GAMES)


def step(player: Player, games: Sequence[Played], engine: Stockfish | None) -> None:
    """Let a player move in each of the games."""
    choices = choose(player, [one.state for one in games], [one.draw for one in games], engine)
    for one, choice in zip(games, choices, strict=True):
        one.play(choice)


def _row(one: Played) -> dict[str, object]:
    moves = " ".join(one.state.moves())
    names = [player.name for player in one.players]
    return {"number": one.number, "opening_plies": one.opening_plies, "moves": moves, "players": names}
