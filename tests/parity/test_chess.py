"""Chess beside python-chess: the differential at a size for every day, and what it is built on."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import chess
import pytest

from tests.parity import differential
from tests.parity.compare import Keys, Pair
from tests.parity.fen_text import fen_text
from tests.parity.sources import DATA
from w2s import kernels

POSITIONS = 20_000
SEED = 20_000

# What 20,000 positions have to contain for their silence to mean something.
RARE = [
    "Chess960 positions",
    "ambiguous SAN",
    "automatic: fifty-move",
    "automatic: insufficient material",
    "automatic: mate",
    "automatic: repetition",
    "automatic: stalemate",
    "claimed: fifty-move",
    "claimed: repetition",
    "legal en passant",
    "orders that differ",
    "transpositions",
]


@pytest.mark.slow
def test_20000_positions_agree_with_python_chess() -> None:
    numbers = range(POSITIONS // differential.CHUNK)
    seen: Counter[str] = Counter()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [
            pool.submit(differential.run_chunk, number, differential.CHUNK, SEED, DATA) for number in numbers
        ]
        for future in running:
            chunk = future.result()
            assert not chunk.disagreements, "\n".join(map(str, chunk.disagreements))
            seen.update(chunk.seen)
    assert seen["positions"] == POSITIONS
    if DATA.exists():
        assert not [what for what in RARE if not seen[what]]


def checked(fen: str, *, chess960: bool = False) -> list[str]:
    pair = Pair(fen, chess960, Keys(), Counter())
    return [str(d) for d in pair.check(list(pair.board.legal_moves), random.Random(0))]


@pytest.mark.parametrize(
    ("fen", "chess960"),
    [
        # A pawn that may not capture en passant: both pawns shield the king on the rank, the capturer on a
        # diagonal, the captured on a diagonal, a check from elsewhere; and one that may, out of check.
        ("8/8/8/K2pP2r/8/8/8/7k w - d6 0 1", False),
        ("4k2b/8/8/3pP3/8/8/8/K7 w - d6 0 1", False),
        ("4k3/1b6/8/3pP3/8/5K2/8/8 w - d6 0 1", False),
        ("4b2k/8/8/3pP3/K7/8/8/8 w - d6 0 1", False),
        ("4k3/8/8/3pP3/2K5/8/8/8 w - d6 0 1", False),
        # Castling where the rook alone is attacked, or where the rook shields the king.
        ("r3k2r/8/8/8/8/8/1r5q/R3K2R w KQkq - 0 1", False),
        ("4k3/8/8/8/8/8/8/qRK4R w HB - 0 1", True),
        ("4k3/8/8/8/8/8/8/RK5R w HA - 0 1", True),
        ("1k6/8/8/8/8/8/8/4RK1R w HE - 0 1", True),
        # Three queens that reach one square from file, rank and diagonal.
        ("2k5/8/8/8/Q6Q/8/8/K6Q w - - 0 1", False),
        # A capture with promotion that mates, and one that may be made twice.
        ("1rk5/P1P5/2K5/8/8/8/8/8 w - - 0 1", False),
    ],
)
def test_hard_positions_agree_with_python_chess(fen: str, chess960: bool) -> None:
    assert checked(fen, chess960=chess960) == []


def test_the_differential_notices_a_wrong_state() -> None:
    pair = Pair(chess.STARTING_FEN, False, Keys(), Counter())
    pair.state = kernels.start("chess", "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKB1R w KQkq - 0 1")
    what = {d.what for d in pair.check(list(pair.board.legal_moves), random.Random(0))}
    assert {"position", "legal moves", "position after b1c3"} <= what


def test_the_differential_notices_keys_that_part_what_is_one_or_join_what_is_two() -> None:
    keys = Keys()
    assert keys.agree("a", 1)
    assert keys.agree("a", 1)
    assert not keys.agree("a", 2)
    assert not keys.agree("b", 1)


def test_the_quick_text_of_a_board_is_its_fen() -> None:
    draw = random.Random(7)
    for number in draw.sample(range(960), 40):
        board = chess.Board.from_chess960_pos(number)
        for _ in range(40):
            assert fen_text(board._transposition_key(), board) == board.fen(shredder=True)
            moves = list(board.legal_moves)
            if not moves:
                break
            board.push(draw.choice(moves))


def test_a_killed_run_continues_with_the_chunks_that_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = differential.Journal(path, {"seed": 0})
    journal.add(differential.Chunk(1, Counter(positions=differential.CHUNK), []))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"chunk": 2, "se')
    again = differential.Journal(path, {"seed": 0})
    assert set(again.finished) == {1}
    with pytest.raises(SystemExit, match="another seed"):
        differential.Journal(path, {"seed": 1})
