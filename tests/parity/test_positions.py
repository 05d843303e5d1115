"""Positions that nobody here wrote: the legal are read and printed, the illegal refused in one line."""

from __future__ import annotations

from pathlib import Path

import chess
import pytest

from w2s import kernels
from w2s.errors import DataError

pytestmark = pytest.mark.data


def lines(data: Path, name: str) -> list[str]:
    found = (data / "cozy-chess-fens" / name).read_text(encoding="utf-8").splitlines()
    return [line for line in found if line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"), [("valid.sfens", 10_000), ("chess960_start_positions.sfens", 960)]
)
def test_valid_positions_are_read_printed_as_python_chess_does_and_read_again(
    data: Path, name: str, count: int
) -> None:
    fens = lines(data, name)
    assert len(fens) == count
    for fen in fens:
        state = kernels.start("chess", fen)
        assert state.position == chess.Board(fen, chess960=True).fen(shredder=True)
        again = kernels.start("chess", state.position)
        assert (again.position, again.key, again.moves) == (state.position, state.key, [])


def test_invalid_positions_are_refused_in_one_line(data: Path) -> None:
    fens = lines(data, "invalid.sfens")
    assert len(fens) > 9_000
    for fen in fens:
        with pytest.raises(DataError) as caught:
            kernels.start("chess", fen)
        assert "\n" not in str(caught.value)


def test_en_passant_makes_two_positions_exactly_where_python_chess_finds_a_legal_capture(data: Path) -> None:
    written = [fen for fen in lines(data, "valid.sfens") if fen.split()[3] != "-"]
    legal = 0
    for fen in written:
        board, side, castling, _, *clocks = fen.split()
        without = " ".join([board, side, castling, "-", *clocks])
        differs = kernels.start("chess", fen).key != kernels.start("chess", without).key
        assert differs == chess.Board(fen, chess960=True).has_legal_en_passant(), fen
        legal += differs
    assert 0 < legal < len(written)
