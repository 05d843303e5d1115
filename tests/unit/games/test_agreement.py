"""Agreement over columns: verdicts in words, every form of column, and bad input that stops nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import UsageError

CASTLES = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"


def test_notations_of_one_move_agree() -> None:
    found = w2s.agree(
        "chess",
        ["startpos", CASTLES, CASTLES, "8/P6k/8/8/8/8/8/K7 w - - 0 1"],
        ["Nf3", "O-O", "0-0-0", "a8=Q+"],
        ["Ng1-f3", "e1g1", "e1a1", "a7a8q"],
    )
    assert found.same_move.tolist() == [True] * 4
    assert found.left_move.to_pylist() == found.right_move.to_pylist()
    assert found.left_move.to_pylist() == ["g1f3", "e1g1", "e1c1", "a7a8q"]
    assert found.same_state.tolist() == found.same_up_to_transposition.tolist() == [True] * 4


def test_every_verdict_has_a_word_and_its_columns() -> None:
    two_knights = "4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1"
    found = w2s.agree(
        "chess",
        ["startpos", "startpos", "startpos", two_knights, "not a position"],
        ["e4", "[e2e2]", "e2e5", "Ne4", "e4"],
        ["d4", "e4", "e4", "Nce4", "e4"],
    )
    assert len(found) == 5
    assert found.left_status.tolist() == ["ok", "unparsable", "illegal", "ambiguous", "no position"]
    assert found.right_status.tolist() == ["ok"] * 4 + ["no position"]
    assert found.left_move.to_pylist() == ["e2e4", None, None, None, None]
    assert found.right_move.to_pylist() == ["d2d4", "e2e4", "e2e4", "c3e4", None]
    assert found.position_ok.tolist() == [True] * 4 + [False]
    assert not found.same_move.any()
    assert not found.same_state.any()


@pytest.mark.parametrize("game", ["chess", "connect_four", "othello"])
def test_agreement_matches_playing_each_row(game: str) -> None:
    state = w2s.game(game).state()
    moves = state.legal_moves()
    left, right = zip(*[(a, b) for a in moves for b in moves], strict=True)
    found = w2s.agree(game, [state.position], left, right)
    states = {move: state.play(move) for move in moves}
    rows = list(zip(left, right, strict=True))
    assert found.same_move.tolist() == [a == b for a, b in rows]
    assert found.same_state.tolist() == [states[a].position == states[b].position for a, b in rows]
    assert found.same_up_to_transposition.tolist() == [states[a].key == states[b].key for a, b in rows]


COLUMNS = {
    "list": list,
    "tuple": tuple,
    "numpy": np.array,
    "numpy objects": lambda texts: np.array(texts, object),
    "Arrow": pa.array,
    "Arrow, large": lambda texts: pa.array(texts, pa.large_string()),
    "Arrow, chunked": lambda texts: pa.chunked_array([[text] for text in texts]),
    "Arrow, sliced": lambda texts: pa.array(["x", *texts, "y"])[1:-1],
    "Arrow, dictionary": lambda texts: pa.array(texts).dictionary_encode(),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_all_column_types_give_the_same_result(form: str) -> None:
    make = COLUMNS[form]
    found = w2s.agree("chess", make(["startpos"] * 3), make(["e4", "Nf3", "é"]), make(["e2e4", "g1h3", "e4"]))
    assert found.same_move.tolist() == [True, False, False]
    assert found.left_status.tolist() == ["ok", "ok", "unparsable"]
    single = w2s.agree("chess", make(["startpos"]), make(["e4", "Nf3", "é"]), make(["e2e4", "g1h3", "e4"]))
    assert single.same_move.tolist() == [True, False, False]


def test_nulls_are_verdicts() -> None:
    for left in (["e4", None], pa.array(["e4", None]), np.array(["e4", None], object)):
        found = w2s.agree("chess", ["startpos"], left, ["e4", "e4"])
        assert found.left_status.tolist() == ["ok", "unparsable"]
    found = w2s.agree("chess", pa.array(["startpos", None]), ["e4", "e4"], ["e4", "e4"])
    assert found.position_ok.tolist() == [True, False]


def test_empty_columns_give_no_rows() -> None:
    for empty in ([], np.array([], str), pa.array([], pa.string())):
        assert len(w2s.agree("chess", empty, empty, empty)) == 0
        assert len(w2s.agree("chess", ["startpos"], empty, empty)) == 0


def test_unequal_column_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="3 positions, 2 left and 2 right"):
        w2s.agree("chess", ["startpos"] * 3, ["e4"] * 2, ["e4"] * 2)
    with pytest.raises(UsageError, match="2 left and 3 right"):
        w2s.agree("chess", ["startpos"], ["e4"] * 2, ["e4"] * 3)


def test_single_text_is_refused_as_a_column() -> None:
    with raises_code("game-text-not-list", UsageError) as raised:
        w2s.agree("chess", "startpos", ["e4"], ["e4"])  # type: ignore[arg-type]
    assert "positions is" in str(raised.value)
    with raises_code("game-text-not-list", UsageError) as raised:
        w2s.agree("chess", ["startpos"], "e4", ["e4"])  # type: ignore[arg-type]
    assert "left is" in str(raised.value)


def test_unknown_game_error_lists_games() -> None:
    with pytest.raises(UsageError, match="chess, connect_four, othello"):
        w2s.agree("go", ["startpos"], ["a1"], ["a1"])
