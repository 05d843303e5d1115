"""Puzzles of Connect Four and Othello: positions with a single best result, proven for every legal move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from games import LadderGame, replay
from puzzle_schema import puzzle_row

from w2s import kernels
from w2s.games import State

_DEPTHS = (1, 2, 3, 4, 6, 8, 10)
EASY_NODES = 8
"""Nodes of the first iteration of a search; a puzzle that needs fewer is easy."""


class SolverRecipe(NamedTuple):
    """The range of plies from which positions are taken, and the node limit of a proof."""

    earliest: int
    latest: int
    nodes: int


RECIPES = {
    "connect_four": SolverRecipe(12, 36, 400_000),
    "othello": SolverRecipe(46, 56, 400_000),
}


def mine(game: LadderGame) -> list[dict[str, Any]]:
    """The puzzles of one game."""
    name = game.state.game
    recipe = RECIPES[name]
    states = [
        state
        for state in replay(name, game.state.moves(), game.opening_plies)
        if recipe.earliest <= state.ply <= recipe.latest and len(state.legal_moves()) > 1
    ]
    proven = kernels.solve([state._core for state in states], nodes=recipe.nodes, cap_cp=1)
    only = [(state, only_move(values)) for state, values in zip(states, proven, strict=True)]
    clear = [(state, move) for state, move in only if move is not None]
    efforts = search_effort([state for state, _ in clear], [move for _, move in clear])
    return [
        puzzle_row(state, [move], nodes, game.number, easy=nodes < EASY_NODES)
        for (state, move), nodes in zip(clear, efforts, strict=True)
    ]


def only_move(values: Mapping[str, int] | None) -> str | None:
    """The move with a better result (win, draw, loss) than every other move; None if there is none."""
    if not values:
        return None
    results = {move: (value > 0) - (value < 0) for move, value in values.items()}
    best = max(results.values())
    right = [move for move, result in results.items() if result == best]
    return right[0] if len(right) == 1 else None


def search_effort(states: Sequence[State], moves: Sequence[str]) -> list[int]:
    """Nodes of the shallowest search that chooses the move and whose deeper searches choose it too."""
    cores = [state._core for state in states]
    taken: list[int | None] = [None] * len(states)
    most = [1] * len(states)
    for depth in _DEPTHS:
        for at, found in enumerate(kernels.search(cores, depth=depth)):
            most[at] = max(most[at], found.nodes)
            taken[at] = (taken[at] or found.nodes) if found.best == moves[at] else None
    return [2 * largest if nodes is None else nodes for nodes, largest in zip(taken, most, strict=True)]
