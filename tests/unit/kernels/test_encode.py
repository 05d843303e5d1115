"""Encoding of many states: equal to each state alone; invalid requests are refused."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State, game


def random_states(name: str, count: int = 20) -> list[State]:
    draw, found = random.Random(11), []
    for _ in range(count):
        state = game(name).state()
        for _ in range(draw.randrange(40)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        found.append(state)
    return found


@pytest.mark.parametrize("name", kernels.game_names())
def test_batch_equals_each_state_alone(name: str) -> None:
    states = random_states(name)
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
def test_cells_are_on_the_board_and_only_a_pass_has_none(name: str) -> None:
    _, rows, columns = kernels.view_shape(name).planes
    for state in random_states(name):
        cells = kernels.encode(name, [state._core]).cells
        for move, pair in zip(state.legal_moves(), cells, strict=True):
            assert all(cell == -1 for cell in pair) if move == "pass" else all(pair >= 0)
            assert all(pair < rows * columns)


def test_chess_move_starts_on_a_piece_of_the_player_to_move() -> None:
    own_pieces = slice(0, 6)
    for state in random_states("chess"):
        found = kernels.encode("chess", [state._core])
        board = found.planes[0, own_pieces].sum(0).ravel()
        assert all(board[start] == 1 for start, _ in found.cells)


def test_stone_falls_on_the_lowest_free_cell() -> None:
    state = game("connect_four").state(moves=["4", "4"])
    cells = kernels.encode("connect_four", [state._core]).cells
    assert cells[:, 1].tolist() == [35, 36, 37, 24, 39, 40, 41]


def test_empty_batch_has_no_rows() -> None:
    found = kernels.encode("othello", [])
    assert found.planes.shape == (0, 2, 8, 8)
    assert (found.offsets.tolist(), found.cells.shape) == ([0], (0, 2))


TRAITS = [
    ("chess", "4k3/8/8/8/8/8/8/R3K3 w - - 0 1", "a1a8", [False, True, False]),
    ("chess", "4k3/8/8/3p4/8/8/8/3RK3 w - - 0 1", "d1d5", [True, False, False]),
    ("chess", "4k3/8/2p5/3p4/8/8/8/3RK3 w - - 0 1", "d1d5", [True, False, True]),
    ("chess", "4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", "e5d6", [True, False, False]),
    ("connect_four", "startpos", "4", [False, False, False]),
    ("connect_four", "7/7/7/7/oo5/xx5 x", "3", [False, True, False]),
    ("connect_four", "7/7/7/7/7/xxooo1x x", "1", [False, False, True]),
    ("othello", "startpos", "d3", [False, False, False]),
]


@pytest.mark.parametrize(("name", "position", "move", "expected"), TRAITS)
def test_move_traits(name: str, position: str, move: str, expected: list[bool]) -> None:
    state = game(name).state(position)
    number = state._number(move)
    assert kernels.move_traits([state._core], [number]).tolist() == [expected]


def test_states_of_other_games_unknown_views_and_illegal_moves_are_refused() -> None:
    state = game("chess").state()._core
    with raises_code("game-mixed-states", UsageError):
        kernels.encode("othello", [state])
    with raises_code("game-unknown-view", UsageError):
        kernels.view_shape("othello", "lc0")
    with raises_code("game-unknown-view", UsageError) as caught:
        kernels.view_shape("chess", "leela")  # type: ignore[arg-type]
    assert "own, lc0" in str(caught.value)
    with raises_code("game-illegal-move", UsageError) as caught:
        kernels.move_traits([state], [65535])
    assert "row 0" in str(caught.value)
    with raises_code("game-length-mismatch", UsageError):
        kernels.move_traits([state], [])
