"""What every registered game owes to Python users; there is no list of exceptions."""

from __future__ import annotations

import random

import numpy as np
import pytest

import w2s
from w2s.errors import DataError, UsageError, W2sError
from w2s.games import State, game
from w2s.kernels import game_names

GAMES = game_names()
NOTATIONS = ("canonical", "san", "long")

BAD_TEXTS = [
    "",
    " ",
    "[e2e2]",
    "0000",
    "\0",
    "e2\0e4",
    "é4",
    "♟",
    "\udcff",
    "x" * 10_000_000,
    " " * 10_000_000,
]
"""Neither a move nor a position anywhere."""


@pytest.fixture(params=GAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def line(name: str, seed: int, plies: int = 60) -> list[State]:
    """The states of a random line, the start first."""
    draw = random.Random(seed)
    states = [game(name).state()]
    while len(states) <= plies and (moves := states[-1].legal_moves()):
        states.append(states[-1].play(draw.choice(moves)))
    return states


def many(name: str) -> list[State]:
    return [state for seed in range(4) for state in line(name, seed)]


def test_games_are_registered() -> None:
    assert len(GAMES) >= 3
    assert len(set(GAMES)) == len(GAMES)


def test_public_function_gives_every_game(name: str) -> None:
    assert w2s.game(name).state().game == name


def test_unknown_game_error_lists_all_games() -> None:
    with pytest.raises(UsageError) as caught:
        w2s.game("checkers")
    assert all(name in str(caught.value) for name in GAMES)


def test_position_text_round_trips(name: str) -> None:
    for state in many(name):
        again = game(name).state(state.position)
        assert (again.position, again.key, again.to_move) == (state.position, state.key, state.to_move)
        assert again.legal_moves() == state.legal_moves()


def test_move_text_round_trips_in_every_notation(name: str) -> None:
    for state in many(name):
        moves = state.legal_moves()
        assert len(set(moves)) == len(moves)
        for notation in NOTATIONS:
            texts = state.legal_moves(notation)
            assert [state.read(text) for text in texts] == [(move, "") for move in moves]
            assert [state.print(move, notation) for move in moves] == texts


def test_line_is_replayed_in_every_notation(name: str) -> None:
    *_, end = line(name, seed=7)
    assert end.ply == len(end.moves()) > 6
    for notation in NOTATIONS:
        again = game(name).state(end.start_position, end.moves(notation))
        assert (again.position, again.key, again.moves()) == (end.position, end.key, end.moves())


def test_playing_leaves_the_old_state_unchanged(name: str) -> None:
    for before in line(name, seed=8):
        position, legal = before.position, before.legal_moves()
        for move in legal:
            assert before.play(move).to_move == 1 - before.to_move
        assert (before.position, before.legal_moves()) == (position, legal)


def test_keys_are_64_bits_and_differ_within_a_line(name: str) -> None:
    states = many(name)
    assert all(0 <= state.key < 2**64 for state in states)
    assert len({state.key for state in states}) > len(states) // 2


def test_game_without_moves_is_over_and_a_win_needs_no_claim(name: str) -> None:
    for state in many(name):
        automatic, claimed = state.outcome(claimed=False), state.outcome()
        assert automatic is not None or state.legal_moves()
        assert claimed is not None or automatic is None
        if claimed is not None and claimed.winner is not None:
            assert claimed == automatic
        if claimed is not None:
            assert claimed.winner in (0, 1, None)
            assert claimed.reason


def test_planes_and_policy_have_the_declared_shape(name: str) -> None:
    from w2s import _core as core

    for state in many(name):
        planes, indices = state.planes(), state.policy_indices()
        assert planes.dtype == np.float32
        assert list(planes.shape) == list(core.planes_shape(name))
        assert np.isfinite(planes).all()
        assert indices.dtype == np.int64
        assert len(set(indices.tolist())) == len(state.legal_moves())
        assert ((indices >= 0) & (indices < core.policy_size(name))).all()


@pytest.mark.parametrize("text", BAD_TEXTS, ids=lambda text: ascii(text[:8]))
def test_invalid_text_is_a_verdict_or_an_error_of_one_line(name: str, text: str) -> None:
    state = game(name).state()
    move, why = state.read(text)
    assert move is None
    assert why in ("unparsable", "illegal")
    for ask in (state.play, state.print, game(name).state):
        with pytest.raises(W2sError) as caught:
            ask(text)
        assert isinstance(caught.value, DataError)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400
    assert state.position == game(name).state().position


def test_moves_of_other_states_are_verdicts(name: str) -> None:
    start = game(name).state()
    verdicts = {start.read(move)[1] for state in many(name) for move in state.legal_moves()}
    assert verdicts <= {"", "illegal"}


def test_an_unknown_notation_is_refused(name: str) -> None:
    with pytest.raises((W2sError, ValueError), match="canonical, san, long"):
        game(name).state().legal_moves("descriptive")


def test_perft_matches_listed_lines(name: str) -> None:
    start = game(name).state()
    after = [start.play(move) for move in start.legal_moves()]
    assert start.perft(0) == 1
    assert start.perft(1) == len(after)
    assert start.perft(2) == sum(len(state.legal_moves()) for state in after)
