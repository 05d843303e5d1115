"""Connect Four beside its plain oracle: moves, positions, outcomes, and which positions exist at all."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.parity import plain_connect_four as plain
from w2s import kernels
from w2s.errors import DataError


def followed(seed: int) -> plain.Board:
    """Plays a random game on both sides; the last board."""
    draw = random.Random(seed)
    board, player = plain.start(), "x"
    state = kernels.start("connect_four", "startpos")
    while True:
        moves = plain.legal_moves(board)
        assert state.position == plain.text(board, player)
        assert state.legal_texts() == moves
        assert state.outcome(True) == state.outcome(False) == plain.outcome(board)
        assert state.to_move == "xo".index(player)
        again = kernels.start("connect_four", state.position)
        assert (again.key, again.legal_moves()) == (state.key, state.legal_moves())
        if not moves:
            return board
        move = draw.choice(moves)
        board, player = plain.play(board, player, move), plain.opponent(player)
        number, why = state.parse_move(move)
        assert number is not None, why
        state = state.play(number)


@pytest.mark.slow
def test_random_games_agree_with_the_plain_rules_and_end_in_every_way() -> None:
    endings = {plain.outcome(followed(seed)) for seed in range(400)}
    assert endings == {(0, "line"), (1, "line"), (None, "board full")}


def accepted(position: str) -> bool:
    try:
        state = kernels.start("connect_four", position)
    except DataError as error:
        assert "\n" not in str(error)
        return False
    assert state.position == position
    return True


columns = st.lists(st.text("xo", max_size=6), min_size=7, max_size=7)


def board_of(stacks: list[str]) -> plain.Board:
    """The board with these stones in each column, the lowest first."""
    height = plain.ROWS
    return [[stack.ljust(height)[height - 1 - row] for stack in stacks] for row in range(height)]


def evened(stacks: list[str], draw: random.Random) -> list[str]:
    """Stones changed at random until both sides have as many, or ``x`` one more."""
    stacks = list(stacks)
    while (surplus := sum(s.count("x") - s.count("o") for s in stacks)) not in (0, 1):
        much = "x" if surplus > 1 else "o"
        places = [(c, r) for c, stack in enumerate(stacks) for r, stone in enumerate(stack) if stone == much]
        column, row = draw.choice(places)
        stacks[column] = stacks[column][:row] + plain.opponent(much) + stacks[column][row + 1 :]
    return stacks


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(columns, st.integers(0, 1 << 30))
@example(["ox", "", "", "", "", "", ""], 0)  # who starts cannot stand on a stone with nothing below
def test_a_position_is_accepted_exactly_where_a_game_can_reach_it(stacks: list[str], seed: int) -> None:
    stacks = evened([stack[:4] for stack in stacks], random.Random(seed))
    board = board_of(stacks)
    stones = sum(map(len, stacks))
    for player in "xo":
        reached = plain.can_be_reached(board, player)
        assert accepted(plain.text(board, player)) == reached, (plain.text(board, player), stones)


@pytest.mark.slow
def test_every_board_of_up_to_five_stones_is_accepted_exactly_where_a_game_can_reach_it() -> None:
    level = {plain.text(plain.start(), "x"): plain.start()}
    player, seen = "x", 0
    for stones in range(6):
        shapes = [h for h in itertools.product(range(6), repeat=4) if sum(h) == stones]
        for shape, colours in itertools.product(shapes, itertools.product("xo", repeat=stones)):
            taken = iter(colours)
            stacks = ["".join(next(taken) for _ in range(height)) for height in shape]
            text = plain.text(board_of([*stacks, "", "", ""]), player)
            assert accepted(text) == (text in level), text
            seen += text in level
        following = {}
        for board in level.values():
            for move in plain.legal_moves(board):
                after = plain.play(board, player, move)
                following[plain.text(after, plain.opponent(player))] = after
        level, player = following, plain.opponent(player)
    assert seen > 500


@pytest.mark.parametrize(
    "position",
    [
        "7/7/7/7/x6/7 o",  # in the air
        "7/7/7/7/7/x6 x",  # the wrong player
        "7/7/7/7/7/xx5 o",  # two more of one side
        "7/7/7/7/x6/o6 x",  # the first stone on top of the second
        "7/7/7/7/ooo4/xxxx3 x",  # the winner is to move
        "x5x/x5x/x5x/x5x/ooooooo/oxoxoxo x",  # two games won
        "7/7/7/7/8 x",
        "7/7/7/7/7/7",
        "7/7/7/7/7/7 x x",
        "7/7/7/7/7/7/7 x",
        "0",
        "",
    ],
)
def test_what_no_game_can_reach_is_refused(position: str) -> None:
    assert not accepted(position)


def test_a_stone_that_completes_several_lines_at_once_is_accepted() -> None:
    state = kernels.start("connect_four", "7/7/7/7/ooo1ooo/xxx1xxx x")
    number, _ = state.parse_move("4")
    assert number is not None
    won = state.play(number)
    assert won.outcome() == (0, "line")
    assert accepted(won.position)


def test_there_are_as_many_lines_of_four_as_the_board_has() -> None:
    assert len(plain.FOURS) == 69


def test_a_full_board_that_no_order_of_moves_gives_is_refused_in_time() -> None:
    draw = random.Random(5)
    refused = 0
    for _ in range(200):
        stones = list("xo" * 21)
        draw.shuffle(stones)
        stacks = ["".join(stones[6 * column : 6 * column + 6]) for column in range(7)]
        refused += not accepted(plain.text(board_of(stacks), "x"))
    assert refused > 100
