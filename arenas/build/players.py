"""The players of the ladder's games: searches and engine settings of several strengths.

All random numbers come from the generator of the game, which depends only on the seed and on its number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from stockfish import Line, Stockfish, ranked_lines

from w2s import kernels
from w2s.games import State

_CLIP_CP = 3000


class Player(NamedTuple):
    """How one player chooses a move.

    Attributes:
        name: name of the player.
        engine: whether it is Stockfish; else it is the built-in search.
        limit: nodes of the engine, or plies of the search.
        lines: number of best moves from which the engine chooses.
        noise_cp: standard deviation of the noise that is added to their values, in centipawns.
        slip: probability of a random legal move instead.
        weight: how often the player is drawn, relative to the others.
    """

    name: str
    engine: bool
    limit: int
    lines: int = 1
    noise_cp: float = 0.0
    slip: float = 0.0
    weight: float = 1.0


PLAYERS = {
    "chess": [
        Player("search2", False, 2, slip=0.08, weight=0.15),
        Player("nodes10", True, 10, lines=4, noise_cp=90, slip=0.06, weight=0.15),
        Player("nodes30", True, 30, lines=4, noise_cp=60, slip=0.03, weight=0.25),
        Player("nodes100", True, 100, lines=4, noise_cp=35, slip=0.01, weight=0.3),
        Player("nodes300", True, 300, lines=3, noise_cp=15, weight=0.15),
    ],
    "connect_four": [
        Player("search1", False, 1, slip=0.25, weight=0.2),
        Player("search3", False, 3, slip=0.2, weight=0.3),
        Player("search6", False, 6, slip=0.15, weight=0.3),
        Player("search9", False, 9, slip=0.1, weight=0.2),
    ],
    "othello": [
        Player("search1", False, 1, slip=0.2, weight=0.3),
        Player("search2", False, 2, slip=0.15, weight=0.3),
        Player("search4", False, 4, slip=0.1, weight=0.4),
    ],
}


class Choice(NamedTuple):
    """A move and its value for the player; None for a random move."""

    move: str
    value_cp: int | None


def choose(
    player: Player,
    states: Sequence[State],
    draws: Sequence[random.Random],
    engine: Stockfish | None,
) -> list[Choice]:
    """The player's move in each of several unfinished states."""
    if player.engine and engine is not None:
        answers = engine.search([state.position for state in states], player.limit, player.lines)
        found = [ranked_lines(answer) for answer in answers]
    else:
        searched = kernels.search([state._core for state in states], depth=player.limit)
        found = [[Line(one.best or "", one.value_cp)] for one in searched]
    return [
        _choice(player, state, lines, draw) for state, lines, draw in zip(states, found, draws, strict=True)
    ]


def _choice(player: Player, state: State, lines: Sequence[Line], draw: random.Random) -> Choice:
    if draw.random() < player.slip:
        return Choice(draw.choice(state.legal_moves()), None)
    noisy = [
        max(-_CLIP_CP, min(_CLIP_CP, line.value_cp)) + player.noise_cp * draw.gauss(0, 1) for line in lines
    ]
    best = max(range(len(lines)), key=noisy.__getitem__)
    return Choice(*lines[best])
