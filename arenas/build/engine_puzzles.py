"""Chess puzzles: positions with a single good move according to Stockfish, most of them not obvious.

Winning chances are ``2 / (1 + exp(−0.00368208 cp)) − 1``, in [−1, 1], the formula that Lichess publishes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from games import LadderGame, replay
from puzzle_schema import puzzle_row
from stockfish import Stockfish, nodes_until_stable, ranked_lines

from w2s import kernels
from w2s.games import State
from w2s.tasks.move import wins_at_once

MIN_CHANCES = -0.2
EASY_SHARE = 0.15
"""Fraction kept of the positions whose best move a search of one ply finds."""


class SearchStage(NamedTuple):
    """One stage of the search: its nodes, and the required lead of the best move over the second one."""

    nodes: int
    min_lead: float


FIRST, SECOND, LAST = SearchStage(300, 0.1), SearchStage(1_000, 0.15), SearchStage(8_000, 0.25)


def winning_chances(value_cp: int) -> float:
    """Winning chances of a value in centipawns, in [−1, 1]."""
    return 2 / (1 + math.exp(-0.00368208 * max(-4000, min(4000, value_cp)))) - 1


def mine(game: LadderGame, engine: Stockfish) -> list[dict[str, Any]]:
    """The puzzles of a game: states with one clearly best move at few nodes and again at more nodes."""
    states = [
        state
        for state in replay("chess", game.state.moves(), game.opening_plies)
        if len(state.legal_moves()) > 1
    ]
    engine.new_game()
    likely = [found.state for found in clear_positions(states, engine, FIRST) if _is_wanted(game, found)]
    surer = [found.state for found in clear_positions(likely, engine, SECOND, new_game=True)]
    return [
        puzzle_row(
            found.state,
            solutions(found.state, found.move),
            found.nodes,
            game.number,
            easy=shallow_move(found.state) == found.move,
        )
        for found in clear_positions(surer, engine, LAST, new_game=True)
    ]


class ClearBest(NamedTuple):
    """A state with one clearly best move, and the nodes after which the search settled on it."""

    state: State
    move: str
    nodes: int


def clear_positions(
    states: Sequence[State], engine: Stockfish, stage: SearchStage, *, new_game: bool = False
) -> Iterator[ClearBest]:
    """The states in which the best move is clearly better than the second one.

    A search of few nodes is unreliable; a stage with more nodes must follow it.

    Args:
        states: states with at least two legal moves.
        engine: the engine.
        stage: nodes and required lead.
        new_game: whether the engine forgets everything before each state.
    """
    answers = engine.search([state.position for state in states], stage.nodes, lines=2, new_game=new_game)
    for state, answer in zip(states, answers, strict=True):
        lines = ranked_lines(answer)
        if len(lines) < 2:
            continue
        best, second = (winning_chances(line.value_cp) for line in lines[:2])
        if best >= MIN_CHANCES and best - second >= stage.min_lead:
            yield ClearBest(state, lines[0].move, nodes_until_stable(answer, lines[0].move))


def shallow_move(state: State) -> str | None:
    """The move that the built-in search finds at one ply."""
    return kernels.search([state._core], depth=1)[0].best


def _is_wanted(game: LadderGame, found: ClearBest) -> bool:
    """Whether a state is kept: always if a search of one ply misses the move, else by chance."""
    return shallow_move(found.state) != found.move or game.draw.random() < EASY_SHARE


def solutions(state: State, move: str) -> list[str]:
    """The move, and if it mates, every other move that mates too."""
    if not wins_at_once(state, move):
        return [move]
    return [move, *(other for other in state.legal_moves() if other != move and wins_at_once(state, other))]
