"""Othello beside its plain oracle: moves, positions, passes, outcomes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity import plain_othello as plain
from w2s import kernels
from w2s.errors import DataError


def followed(seed: int) -> tuple[plain.Board, str, int]:
    """Plays a random game on both sides; the last board, who is to move on it, and the number of passes."""
    draw = random.Random(seed)
    board, player, passes = plain.start(), "x", 0
    state = kernels.start("othello", "startpos")
    while True:
        moves = plain.legal_moves(board, player)
        assert state.position == plain.text(board, player)
        assert state.legal_texts() == moves
        assert state.outcome(True) == state.outcome(False) == plain.outcome(board)
        assert state.to_move == "xo".index(player)
        if not moves:
            return board, player, passes
        move = draw.choice(moves)
        passes += move == "pass"
        board, player = plain.play(board, player, move), plain.opponent(player)
        number, why = state.parse_move(move)
        assert number is not None, why
        state = state.play(number)


@pytest.mark.slow
def test_random_games_agree_with_the_plain_rules_and_contain_passes() -> None:
    games = [followed(seed) for seed in range(60)]
    assert sum(passes for _, _, passes in games) > 10


def test_a_game_that_wipes_out_white_ends_with_free_squares() -> None:
    state = kernels.start("othello", "startpos")
    board, player = plain.start(), "x"
    for move in ["e6", "f4", "e3", "f6", "g5", "d6", "e7", "f5", "c5"]:
        number, why = state.parse_move(move)
        assert number is not None, (move, why)
        state = state.play(number)
        board, player = plain.play(board, player, move), plain.opponent(player)
    assert state.position == plain.text(board, player)
    assert state.outcome() == plain.outcome(board) == (0, "no moves")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from("xo "), min_size=64, max_size=64), st.sampled_from("xo"))
def test_any_connected_board_agrees_with_the_plain_rules(squares: list[str], player: str) -> None:
    board = [squares[8 * row : 8 * row + 8] for row in range(8)]
    for row, column in ((3, 3), (3, 4), (4, 3), (4, 4)):
        board[row][column] = board[row][column].replace(" ", "o")
    keep_connected(board)
    state = kernels.start("othello", plain.text(board, player))
    assert state.position == plain.text(board, player)
    assert state.legal_texts() == plain.legal_moves(board, player)
    assert state.outcome(True) == plain.outcome(board)
    for number, move in zip(state.legal_moves(), state.legal_texts(), strict=True):
        after = plain.play(board, player, move)
        assert state.play(number).position == plain.text(after, plain.opponent(player))


def keep_connected(board: plain.Board) -> None:
    """Removes the discs that no chain of discs joins to the middle."""
    joined, edge = set(), [(3, 3)]
    while edge:
        row, column = edge.pop()
        inside = 0 <= row < 8 and 0 <= column < 8
        if inside and board[row][column] != " " and (row, column) not in joined:
            joined.add((row, column))
            edge += [(row + down, column + right) for down, right in plain.DIRECTIONS]
    for row in range(8):
        for column in range(8):
            if (row, column) not in joined:
                board[row][column] = " "


@pytest.mark.parametrize(
    "position",
    [
        "8/8/8/3ox3/3x4/8/8/8 x",  # a free square in the middle
        "x7/8/8/3ox3/3xo3/8/8/8 x",  # a disc that touches no other
        "8/8/8/3ox3/3xo3/8/8 x",  # seven rows
        "8/8/8/3ox3/3xo4/8/8/8 x",  # a row of nine
        "8/8/8/3ox3/3xo3/8/8/8 b",  # nobody
        "8/8/8/12ox3/3xo3/8/8/8 x",  # two digits in a row
        "8/8/8/3OX3/3XO3/8/8/8 x",
        "",
    ],
)
def test_what_no_game_can_reach_is_refused(position: str) -> None:
    with pytest.raises(DataError, match="othello position"):
        kernels.start("othello", position)
