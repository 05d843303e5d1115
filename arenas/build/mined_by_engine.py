"""Chess puzzles: positions in which Stockfish sees one good move only, most of them not at a glance.

Knows nothing about files. Winning chances are ``2 / (1 + exp(−0.00368208 cp)) − 1``, in [−1, 1], the formula
that Lichess publishes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from games import Played, replay
from puzzle_rows import puzzle
from stockfish import Stockfish, ranked, settled

from w2s import kernels
from w2s.games import State
from w2s.tasks.move import wins_at_once

HOPELESS = -0.2
GLANCED_SHARE = 0.15
"""Share of the positions whose move a glance finds that is looked at closer."""


class Look(NamedTuple):
    """How closely a position is looked at, and by how much the best move has to be better than the second."""

    nodes: int
    least: float


FIRST, SECOND, LAST = Look(300, 0.1), Look(1_000, 0.15), Look(8_000, 0.25)


def chances(value_cp: int) -> float:
    """Winning chances of a value in centipawns, in [−1, 1]."""
    return 2 / (1 + math.exp(-0.00368208 * max(-4000, min(4000, value_cp)))) - 1


def mine(game: Played, engine: Stockfish) -> list[dict[str, Any]]:
    """The states of a game with one move that is clearly best, at few nodes and again at more."""
    states = [
        state
        for state in replay("chess", game.state.moves(), game.opening_plies)
        if len(state.legal_moves()) > 1
    ]
    engine.forget()
    likely = [found.state for found in clear(states, engine, FIRST) if _is_wanted(game, found)]
    surer = [found.state for found in clear(likely, engine, SECOND, forget=True)]
    return [
        puzzle(
            found.state,
            solutions(found.state, found.move),
            found.nodes,
            game.number,
            easy=glance(found.state) == found.move,
        )
        for found in clear(surer, engine, LAST, forget=True)
    ]


class Clear(NamedTuple):
    """A state whose best move is clearly the best, and the nodes that finding it took."""

    state: State
    move: str
    nodes: int


def clear(states: Sequence[State], engine: Stockfish, look: Look, *, forget: bool = False) -> Iterator[Clear]:
    """States in which the best move is better than the second; ``forget``: each as if it were the first.

    A search that looks at few nodes decides little by itself: it must be followed by one that looks at more.
    """
    answers = engine.ask([state.position for state in states], look.nodes, lines=2, forget=forget)
    for state, answer in zip(states, answers, strict=True):
        lines = ranked(answer)
        if len(lines) < 2:
            continue
        best, second = (chances(line.value_cp) for line in lines[:2])
        if best >= HOPELESS and best - second >= look.least:
            yield Clear(state, lines[0].move, settled(answer, lines[0].move))


def glance(state: State) -> str | None:
    """The move that our own search finds at one ply."""
    return kernels.search([state._core], depth=1)[0].best


def _is_wanted(game: Played, found: Clear) -> bool:
    """Every move that a glance does not find, and a share of the others."""
    return glance(found.state) != found.move or game.draw.random() < GLANCED_SHARE


def solutions(state: State, move: str) -> list[str]:
    """The move, and where it mates every other that mates too."""
    if not wins_at_once(state, move):
        return [move]
    return [move, *(other for other in state.legal_moves() if other != move and wins_at_once(state, other))]
