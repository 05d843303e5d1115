"""Where the differential's games begin: openings, and real positions from the folder that W2S_DATA names.

Knows nothing about how a game goes on.
"""

from __future__ import annotations

import csv
import os
import random
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import chess

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("W2S_DATA", ROOT / "data"))
OPENINGS = ROOT / "arenas" / "openings" / "chess.txt"
RANDOM_OPENINGS = 2000


class Start(NamedTuple):
    """A position to play from; ``chess960`` where castling rights are written as files of rooks."""

    fen: str
    chess960: bool = False


class Source(NamedTuple):
    """The positions of one origin."""

    name: str
    starts: list[Start]


def openings() -> list[Start]:
    """The ends of the bundled openings, or of random ones where those are not made yet; then the start."""
    if OPENINGS.exists():
        lines = [
            line for line in OPENINGS.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
        ]
        ends = [after(line.split(":")[-1].split()) for line in lines]
    else:
        draw = random.Random("openings")
        ends = [wandered(draw.randint(4, 10), draw) for _ in range(RANDOM_OPENINGS)]
    return [Start(fen) for fen in ends] + [Start(chess.STARTING_FEN)] * (len(ends) // 4)


def after(moves: Iterable[str]) -> str:
    """The position after moves in UCI notation from the start."""
    board = chess.Board()
    for move in moves:
        board.push_uci(move)
    return board.fen()


def wandered(plies: int, draw: random.Random) -> str:
    """The position after so many random moves from the start, fewer where the game ends before."""
    board = chess.Board()
    for _ in range(plies):
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(draw.choice(moves))
    return board.fen()


def _puzzles(path: Path, column: int) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.reader(file) if row[column].count("/") == 7]


def _epd(path: Path) -> list[str]:
    return [
        " ".join(line.split()[:4]) + " 0 1" for line in path.read_text(encoding="utf-8").splitlines() if line
    ]


def _zipped(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0]).decode("ascii").splitlines()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# Relative path, how it is read, whether it holds Shredder-FENs.
_FILES: list[tuple[str, Callable[[Path], list[str]], bool]] = [
    ("lichess-puzzles-10k/lichess_puzzles.csv", lambda path: _puzzles(path, 0), False),
    ("lichess-puzzles-2020/puzzles.csv", lambda path: _puzzles(path, 1), False),
    ("sts-rating/STS1-STS15_LAN_v6.epd", _epd, False),
    ("books/noob_3moves.epd.zip", _zipped, False),
    ("books/endgames.epd.zip", _zipped, False),
    ("cozy-chess-fens/valid.sfens", _lines, True),
    ("cozy-chess-fens/chess960_start_positions.sfens", _lines, True),
]


def sources(data: Path = DATA) -> list[Source]:
    """Openings first, then every file of the data folder that is there."""
    found = [Source("openings", openings())]
    for name, read, chess960 in _FILES:
        if (data / name).exists():
            found.append(Source(name, [Start(fen, chess960) for fen in read(data / name) if fen.strip()]))
    return found


def missing(data: Path = DATA) -> list[str]:
    """The files of the data folder that are not there."""
    return [name for name, _, _ in _FILES if not (data / name).exists()]
