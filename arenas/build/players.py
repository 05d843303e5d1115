"""Who plays the games that the ladder learns from: searches and engine settings of several strengths.

Knows nothing about files. Every draw comes from the game's own generator, so a game depends on the seed and
its number alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from stockfish import Line, Stockfish, ranked

from w2s import kernels
from w2s.games import State

_CLIP_CP = 3000


class Player(NamedTuple):
    """How one player chooses.

    ``limit``: nodes of the engine, or plies of our own search. The engine names its best ``lines`` moves;
    noise of ``noise_cp`` (standard deviation) is added to their values and the best is played. With
    probability ``slip`` it is any legal move instead.
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
    """A move and what its player thinks of it, None where it slipped."""

    move: str
    value_cp: int | None


def choose(
    player: Player,
    states: Sequence[State],
    draws: Sequence[random.Random],
    engine: Stockfish | None,
) -> list[Choice]:
    """The player's move in each state, none of which is over."""
    if player.engine and engine is not None:
        answers = engine.ask([state.position for state in states], player.limit, player.lines)
        found = [ranked(answer) for answer in answers]
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
