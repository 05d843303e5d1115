"""Divergence of two records: the ply, the reason, and where transpositions meet again."""

from __future__ import annotations

import random

import pytest

import w2s
from w2s.errors import DataError, UsageError
from w2s.games import Divergence, diverge


def moves(text: str) -> list[str]:
    return text.split()


def test_same_game_in_two_notations_does_not_diverge() -> None:
    san, uci = moves("e4 e5 Nf3 Nc6 Bb5 a6 O-O"), moves("e2e4 e7e5 g1f3 b8c6 f1b5 a7a6")
    assert diverge("chess", san[:6], uci) is None
    assert diverge("chess", [], []) is None


def test_first_different_move_is_canonical() -> None:
    found = diverge("chess", moves("e4 e5 Nf3"), moves("e4 e5 Nc3"))
    assert found == Divergence(2, "move", "g1f3", "b1c3")
    assert str(found) == "ply 3: g1f3 against b1c3"


def test_longer_record_differs_in_length() -> None:
    found = diverge("chess", moves("e4"), moves("e4 e5"))
    assert found == Divergence(1, "length", None, "e7e5")
    assert str(found) == "ply 2: the end against e7e5"
    assert diverge("chess", moves("e4 e5"), moves("e4")) == Divergence(1, "length", "e7e5", None)


@pytest.mark.parametrize("text", ["e5", "[e2e2]", "", "\0", "x" * 1_000_000])
def test_illegal_move_makes_the_record_unreadable(text: str) -> None:
    found = diverge("chess", ["d4", "d5", text, "Nf3"], ["d4", "d5", "c4"])
    assert found == Divergence(2, "unreadable", text, "c2c4")
    assert len(str(found)) < 200
    alike = diverge("chess", ["d4", "d5", text], ["d4", "d5", text])
    assert alike == Divergence(2, "unreadable", text, text)


def test_transpositions_meet_again() -> None:
    found = diverge("chess", moves("d4 Nf6 c4 e6"), moves("c4 e6 d4 Nf6"))
    assert found is not None
    assert (found.ply, found.meets) == (0, (4, 4))
    assert "meet again" in str(found)
    slower = diverge("chess", moves("e3 e5 e4"), moves("e4 e5"))
    assert slower is not None
    assert slower.meets is None  # the same board, but the other side is to move


def test_different_starts_are_reported_before_moves() -> None:
    other = "rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2"
    found = diverge("chess", moves("e4 e5 Nf3"), moves("Nf3"), right_start=other)
    assert found is not None
    assert (found.ply, found.why, found.right) == (0, "start", other)
    assert found.meets == (2, 0)
    assert diverge("chess", moves("Nf3"), moves("g1f3"), left_start=other, right_start=other) is None


@pytest.mark.parametrize("game", ["chess", "connect_four", "othello"])
def test_changed_ply_is_found_anywhere(game: str) -> None:
    draw = random.Random(2)
    for _ in range(20):
        state, ply = w2s.game(game).state(), draw.randrange(20)
        line, other = [], None
        while len(line) < 25 and state.outcome() is None:
            chosen, *rest = draw.sample(state.legal_moves(), min(2, len(state.legal_moves())))
            if len(line) == ply and rest:
                other = [*line, rest[0]]
            line.append(chosen)
            state = state.play(chosen)
        assert diverge(game, line, line) is None
        if other is not None:
            found = diverge(game, line, other)
            assert found is not None
            assert (found.ply, found.why, found.left, found.right) == (ply, "move", line[ply], other[ply])


def test_invalid_start_and_unknown_game_are_errors() -> None:
    with pytest.raises(DataError):
        diverge("chess", [], [], left_start="nowhere")
    with pytest.raises(UsageError):
        diverge("go", [], [])
