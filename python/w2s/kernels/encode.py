"""States as a network sees them: feature planes, policy entries and traits of moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.kernels.core_errors import core_errors
from w2s.kernels.games import CoreState

View = Literal["own", "lc0"]
"""The encoding of planes and policy: that of the game, or that of Lc0's networks (chess only)."""


class Shape(NamedTuple):
    """Input and output sizes of a network for a view.

    Attributes:
        planes: channels, rows and columns of the feature planes.
        policy: entries of the policy over moves.
    """

    planes: tuple[int, int, int]
    policy: int


class EncodedStates(NamedTuple):
    """n states with m legal moves in all.

    Attributes:
        planes: float32, (n, channels, rows, columns), seen by the player to move.
        indices: int64, (m,): the policy entry of each legal move, the moves in the order of the state.
        offsets: int64, (n + 1,): where the moves of each state begin; the last is m.
        cells: int32, (m, 2): where each move starts and ends, ``row * columns + column`` of the planes; -1
            for a move without a place (a pass).
    """

    planes: npt.NDArray[np.float32]
    indices: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int32]


def view_shape(game: str, view: View = "own") -> Shape:
    """Shape of a game's planes and policy.

    Raises:
        UsageError: no game has that name, or it has no such view.
    """
    with core_errors():
        (channels, rows, columns), policy = _core.view_shape(game, view)
    return Shape((channels, rows, columns), policy)


def encode(game: str, states: Sequence[CoreState], view: View = "own") -> EncodedStates:
    """Feature planes and policy entries of states of one game, in parallel and without the GIL.

    Raises:
        UsageError: a state is of another game, or the game has no such view.
    """
    with core_errors():
        return EncodedStates(*_core.encode(game, list(states), view))


def lc0_places() -> npt.NDArray[np.int64]:
    """Where each of the 1,858 entries of Lc0's policy lies in a convolutional one: ``plane * 64 + from``."""
    return _core.lc0_places()


def move_traits(states: Sequence[CoreState], moves: Sequence[int]) -> npt.NDArray[np.bool_]:
    """What the board shows after one legal move of each state, by its number: bool, (n, 3).

    Takes, threatens, exposed. Chess: captures, checks, the moved piece can be captured. Connect Four: nothing
    is taken, threatens to complete a line, lets the opponent complete one. Othello: takes a corner, leaves
    the opponent without a place, lets the opponent take a corner.

    Raises:
        UsageError: a move is not legal in its state.
    """
    with core_errors():
        return _core.move_traits(list(states), list(moves))
