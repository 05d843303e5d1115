"""Deliberation of the compiled core: trees that a network values and whose moves it chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.core_errors import core_errors
from w2s.kernels.encode import View
from w2s.kernels.games import CoreState

CoreFinding = _core.DeliberationFinding

Numbers = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Evaluate = Callable[[Numbers, Positions, Positions], tuple[Numbers, Numbers]]
"""Planes of n states, policy entries of their m legal moves, where the moves of each state begin (n + 1) →
values of the states, (n,), and logits of the moves, (m,)."""

ALL_MOVES = 2**32 - 1
"""A width that no number of legal moves exceeds."""


def deliberate(
    game: str,
    states: Sequence[CoreState],
    moves: Sequence[Sequence[str]],
    evaluate: Evaluate,
    *,
    view: View = "own",
    widths: Sequence[int] | None = None,
    visits: int | None = None,
    batch: int = 512,
    trees: int = 64,
) -> list[CoreFinding]:
    """What a network finds out about states by looking ahead.

    The answer for a state does not depend on the other states, nor on ``batch`` and ``trees``, as long as the
    network's does not.

    Args:
        game: name of the game.
        states: n states of that game.
        moves: for each state, legal moves that are valued in any case.
        evaluate: the network.
        view: how the network sees a state.
        widths: how many of the likeliest moves are considered in each depth; either this or ``visits``.
        visits: number of states that a tree visits.
        batch: most states that are given to the network at once.
        trees: states whose trees are grown at once; bounds the memory.

    Raises:
        UsageError: a state is of another game, a move is not legal, or the game has no such view.
        DataError: the network gave a number that is not finite.
    """
    found: list[CoreFinding] = []
    plan = (None if widths is None else list(widths), visits)
    for begin in range(0, len(states), trees):
        chosen = list(states[begin : begin + trees])
        asked = [list(some) for some in moves[begin : begin + trees]]
        with core_errors():
            forest = _core.Deliberation(game, chosen, view, asked, *plan)
            while len((leaves := forest.leaves(batch))[0]):
                forest.receive(*evaluate(*leaves))
            found += forest.findings()
    return found
