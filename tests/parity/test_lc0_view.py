"""Lc0's view of chess in Rust = the plain one on python-chess, over random games from many starts."""

from __future__ import annotations

import random

import chess
import numpy as np

from tests.parity import plain_lc0
from w2s import kernels
from w2s.games import State, game

STARTS = [
    "startpos",
    "r3k2r/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/R3K2R w KQkq - 3 9",
    "rnbqkbnr/ppp1pppp/8/8/3pP3/5N2/PPPP1PPP/RNBQKB1R b KQkq e3 0 3",
    "4k3/PPP2ppp/8/8/8/8/ppp2PPP/4K3 w - - 0 40",
    "r6r/1P2k1P1/8/8/8/8/1p2K1p1/R6R b - - 12 60",
    "r3k2r/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/R3K2R b KQkq - 3 9",
    "8/8/4k3/8/8/4K3/4R3/8 w - - 90 120",
]


def lines(count: int = 60) -> list[State]:
    draw, found = random.Random(23), []
    for number in range(count):
        state = game("chess").state(STARTS[number % len(STARTS)])
        for _ in range(draw.randrange(45) if number >= len(STARTS) else 0):
            moves = state.legal_moves()
            if moves:
                back = [move for move in moves if move == _undone(state)]
                state = state.play(draw.choice(back or moves) if draw.random() < 0.4 else draw.choice(moves))
        found.append(state)
    return found


def _undone(state: State) -> str | None:
    """The move that takes the player's last one back, so that positions come again."""
    moves = state.moves()
    return moves[-2][2:4] + moves[-2][:2] if len(moves) >= 2 else None


def test_planes_are_those_of_the_plain_oracle() -> None:
    states = lines()
    found = kernels.encode("chess", [state._core for state in states], "lc0")
    repeated = 0
    for state, planes in zip(states, found.planes, strict=True):
        fen = chess.STARTING_FEN if state.start_position == "startpos" else state.start_position
        expected = plain_lc0.planes(fen, state.moves())
        assert np.array_equal(planes, expected), (state, np.unique(np.nonzero(planes != expected)[0]))
        repeated += int(planes[12:104:13].any())
    assert repeated >= 5


def test_entries_are_those_of_the_plain_oracle() -> None:
    order = {text: place for place, text in enumerate(plain_lc0.entries())}
    assert len(order) == kernels.view_shape("chess", "lc0").policy == 1858
    promotions = castlings = 0
    for state in lines():
        found = kernels.encode("chess", [state._core], "lc0")
        board = chess.Board(state.position)
        for text, index in zip(state.legal_moves(), found.indices, strict=True):
            move = chess.Move.from_uci(text)
            assert index == order[plain_lc0.entry(board, move)], (state, text)
            promotions += move.promotion is not None
            castlings += board.is_castling(move)
    assert promotions >= 20
    assert castlings >= 3


def test_places_of_a_convolution_follow_direction_and_distance() -> None:
    places = dict(zip(plain_lc0.entries(), kernels.lc0_places().tolist(), strict=True))
    expected = {
        "a1a2": 0,
        "a1a8": 6 * 64,
        "a1b2": 7 * 64,
        "b1c1": 14 * 64 + 1,
        "a2b1": 21 * 64 + 8,
        "a2a1": 28 * 64 + 8,
        "b2a1": 35 * 64 + 9,
        "b1a1": 42 * 64 + 1,
        "b1a2": 49 * 64 + 1,
        "b1c3": 56 * 64 + 1,
        "b1a3": 63 * 64 + 1,
        "b7a8q": 66 * 64 + 49,
        "b7b8r": 67 * 64 + 49,
        "b7c8b": 71 * 64 + 49,
    }
    assert {move: places[move] for move in expected} == expected
