"""Encoding of many states: equal to each state alone, and refused where it makes no sense."""

from __future__ import annotations

import random

import numpy as np
import pytest

from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State, game


def some(name: str, count: int = 20) -> list[State]:
    draw, found = random.Random(11), []
    for _ in range(count):
        state = game(name).state()
        for _ in range(draw.randrange(40)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        found.append(state)
    return found


@pytest.mark.parametrize("name", kernels.game_names())
def test_a_batch_is_what_each_state_says_alone(name: str) -> None:
    states = some(name)
    found = kernels.encode(name, [state._core for state in states])
    assert found.planes.shape == (len(states), *kernels.view_shape(name).planes)
    assert found.offsets[0] == 0
    assert found.offsets[-1] == len(found.indices) == len(found.cells)
    for row, state in enumerate(states):
        span = slice(found.offsets[row], found.offsets[row + 1])
        assert np.array_equal(found.planes[row], state.planes())
        assert np.array_equal(found.indices[span], state.policy_indices())
        assert len(found.cells[span]) == len(state.legal_moves())


@pytest.mark.parametrize("name", kernels.game_names())
def test_cells_lie_on_the_board_and_only_a_pass_has_none(name: str) -> None:
    _, rows, columns = kernels.view_shape(name).planes
    for state in some(name):
        cells = kernels.encode(name, [state._core]).cells
        for move, pair in zip(state.legal_moves(), cells, strict=True):
            assert all(cell == -1 for cell in pair) if move == "pass" else all(pair >= 0)
            assert all(pair < rows * columns)


def test_a_chess_move_starts_where_the_movers_piece_stands() -> None:
    own_pieces = slice(0, 6)
    for state in some("chess"):
        found = kernels.encode("chess", [state._core])
        board = found.planes[0, own_pieces].sum(0).ravel()
        assert all(board[start] == 1 for start, _ in found.cells)


def test_a_stone_falls_on_the_lowest_free_cell() -> None:
    state = game("connect_four").state(moves=["4", "4"])
    cells = kernels.encode("connect_four", [state._core]).cells
    assert cells[:, 1].tolist() == [35, 36, 37, 24, 39, 40, 41]


def test_no_states_are_no_rows() -> None:
    found = kernels.encode("othello", [])
    assert found.planes.shape == (0, 2, 8, 8)
    assert (found.offsets.tolist(), found.cells.shape) == ([0], (0, 2))


SIGNS = [
    ("chess", "4k3/8/8/8/8/8/8/R3K3 w - - 0 1", "a1a8", [False, True, False]),
    ("chess", "4k3/8/8/3p4/8/8/8/3RK3 w - - 0 1", "d1d5", [True, False, False]),
    ("chess", "4k3/8/2p5/3p4/8/8/8/3RK3 w - - 0 1", "d1d5", [True, False, True]),
    ("chess", "4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", "e5d6", [True, False, False]),
    ("connect_four", "startpos", "4", [False, False, False]),
    ("connect_four", "7/7/7/7/oo5/xx5 x", "3", [False, True, False]),
    ("connect_four", "7/7/7/7/7/xxooo1x x", "1", [False, False, True]),
    ("othello", "startpos", "d3", [False, False, False]),
]


@pytest.mark.parametrize(("name", "position", "move", "expected"), SIGNS)
def test_signs_of_a_move(name: str, position: str, move: str, expected: list[bool]) -> None:
    state = game(name).state(position)
    number = state._number(move)
    assert kernels.signs([state._core], [number]).tolist() == [expected]


def test_what_cannot_be_encoded_is_one_line() -> None:
    state = game("chess").state()._core
    with pytest.raises(UsageError, match="a state of chess among those of othello"):
        kernels.encode("othello", [state])
    with pytest.raises(UsageError, match="othello has no view"):
        kernels.view_shape("othello", "lc0")
    with pytest.raises(UsageError, match="use own or lc0"):
        kernels.view_shape("chess", "leela")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="not legal here"):
        kernels.signs([state], [65535])
    with pytest.raises(UsageError, match="1 states, but 0 moves"):
        kernels.signs([state], [])
