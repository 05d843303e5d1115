"""Puzzles of Connect Four and Othello: one move alone keeps the result, proven for every legal move.

Knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from games import Played, replay
from puzzle_rows import puzzle

from w2s import kernels
from w2s.games import State

_DEPTHS = (1, 2, 3, 4, 6, 8, 10)
GLANCE = 8
"""Nodes of the first iteration of a search: what it finds is seen at a glance."""


class Recipe(NamedTuple):
    """Plies from which positions are tried, and the nodes of a proof."""

    earliest: int
    latest: int
    nodes: int


RECIPES = {
    "connect_four": Recipe(12, 36, 400_000),
    "othello": Recipe(46, 56, 400_000),
}


def mine(game: Played) -> list[dict[str, Any]]:
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
    efforts = effort([state for state, _ in clear], [move for _, move in clear])
    return [
        puzzle(state, [move], nodes, game.number, easy=nodes < GLANCE)
        for (state, move), nodes in zip(clear, efforts, strict=True)
    ]


def only_move(values: Mapping[str, int] | None) -> str | None:
    """The one move whose result (win, draw, loss) is better than that of every other; None without one."""
    if not values:
        return None
    results = {move: (value > 0) - (value < 0) for move, value in values.items()}
    best = max(results.values())
    right = [move for move, result in results.items() if result == best]
    return right[0] if len(right) == 1 else None


def effort(states: Sequence[State], moves: Sequence[str]) -> list[int]:
    """Nodes of the shallowest search from which on all deeper ones choose the move too."""
    cores = [state._core for state in states]
    taken: list[int | None] = [None] * len(states)
    most = [1] * len(states)
    for depth in _DEPTHS:
        for at, found in enumerate(kernels.search(cores, depth=depth)):
            most[at] = max(most[at], found.nodes)
            taken[at] = (taken[at] or found.nodes) if found.best == moves[at] else None
    return [2 * largest if nodes is None else nodes for nodes, largest in zip(taken, most, strict=True)]
