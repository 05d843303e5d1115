"""Which chess positions the rules allow, ours beside python-chess: mutated positions, status by status.

Knows nothing about moves. A position that python-chess calls valid has to read, and to print as python-chess
prints it; any other has to be refused for a reason that is one of its statuses.

    python -m tests.parity.validity --positions 1000000 --processes 2

Two texts are no disagreement: a castling right that is written twice (``KH`` with one rook), which ours
refuses; and a ``Q`` or ``q`` without any rook at home, which python-chess drops without a word.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import chess

from tests.parity.compare import Disagreement
from tests.parity.sources import DATA, sources
from w2s import kernels
from w2s.errors import DataError

REASONS = {
    "no piece is on the board": chess.STATUS_EMPTY,
    "no white king": chess.STATUS_NO_WHITE_KING,
    "no black king": chess.STATUS_NO_BLACK_KING,
    "too many kings: each side has one": chess.STATUS_TOO_MANY_KINGS,
    "more than 16 white pieces": chess.STATUS_TOO_MANY_WHITE_PIECES,
    "more than 16 black pieces": chess.STATUS_TOO_MANY_BLACK_PIECES,
    "more than 8 white pawns": chess.STATUS_TOO_MANY_WHITE_PAWNS,
    "more than 8 black pawns": chess.STATUS_TOO_MANY_BLACK_PAWNS,
    "a pawn on the first or the eighth rank": chess.STATUS_PAWNS_ON_BACKRANK,
    "castling rights without king or rook in place": chess.STATUS_BAD_CASTLING_RIGHTS,
    "no pawn can just have moved past the en passant square": chess.STATUS_INVALID_EP_SQUARE,
    "opposite check: the side to move can take the king": chess.STATUS_OPPOSITE_CHECK,
    "opposite check: the kings are on adjacent squares": chess.STATUS_OPPOSITE_CHECK,
    "too many checkers: more than two pieces give check": chess.STATUS_TOO_MANY_CHECKERS,
    "impossible check: no move ends in it": chess.STATUS_IMPOSSIBLE_CHECK,
}
"""Why ours refuses a board, and the status that python-chess has for it."""

WRITTEN_TWICE = "castling rights are - or letters of KQkq or of files, each right once"
MOVES_EVERY = 8
CHUNK = 10_000


def check(fen: str, seen: Counter[str], draw: random.Random) -> Iterator[Disagreement]:
    """Whether both allow a position, and what for if not."""
    board, reason = theirs(fen), ours(fen)
    if board is None:
        seen["texts that are no position"] += 1
        yield from differ(fen, "reads a text that is none", reason is None, False)
        return
    status = board.status()
    if reason == WRITTEN_TWICE or drops_rights(fen, board):
        seen["castling that only one of both reads"] += 1
        return
    for flag in chess.Status:
        seen[f"status {flag.name}"] += bool(status & flag)
    if status:
        allowed = [text for text, flag in REASONS.items() if status & flag]
        yield from differ(fen, f"reason for {status!r}", reason in allowed or reason, True)
        return
    seen["status VALID"] += 1
    yield from differ(fen, "reason for a valid position", reason, None)
    if reason is None:
        state = kernels.start("chess", fen)
        again = theirs(state.position)
        yield from differ(fen, "position", again and again.fen(shredder=True), board.fen(shredder=True))
        if draw.randrange(MOVES_EVERY) == 0:
            texts = sorted(map(board.uci, board.legal_moves))
            yield from differ(fen, "number of legal moves", len(state.legal_moves()), len(texts))


def differ(fen: str, what: str, ours: object, theirs: object) -> Iterator[Disagreement]:
    """A disagreement where the two are not equal."""
    if ours != theirs:
        yield Disagreement(fen, "", fen, what, repr(ours), repr(theirs))


def theirs(fen: str) -> chess.Board | None:
    """python-chess's board; None where it cannot read the text."""
    try:
        return chess.Board(fen, chess960=True)
    except ValueError:
        return None


def ours(fen: str) -> str | None:
    """Why ours refuses a text; None where it does not."""
    try:
        kernels.start("chess", fen)
    except DataError as error:
        assert error.code == "game-invalid-position"
        return str(error).removeprefix("not a chess position: ").removesuffix(f": {fen[:80]!r}")
    return None


def drops_rights(fen: str, board: chess.Board) -> bool:
    """Whether python-chess read fewer castling rights than are written."""
    letters = fen.split()[2]
    return letters != "-" and board.castling_rights.bit_count() < len(letters)


def mutant(fen: str, draw: random.Random) -> str:
    """A position like this one that the rules may not allow."""
    fields = fen.split()
    squares = expanded(fields[0])
    match draw.randrange(7):
        case 0:
            return rebuilt(edited(squares, draw), fields)
        case 1:
            return rebuilt(edited(squares, draw), [*flipped(fields), *fields[2:]])
        case 2:
            return rebuilt(beside(squares, draw), fields)
        case 3:
            return rebuilt(squares, [*fields[:2], any_castling(draw), *fields[3:]])
        case 4:
            castling = draw.choice(["-", "-", "-", any_castling(draw)])
            return rebuilt(sparse(draw), ["", draw.choice("wb"), castling, "-", "0", "1"])
        case 5:
            return after_double_step(draw)
        case _:
            return mutated_text(fen, draw)


def expanded(board: str) -> list[str]:
    """The 64 squares of the first field, free ones as dots."""
    text = "".join("." * int(letter) if letter.isdigit() else letter for letter in board)
    return list(text.replace("/", ""))


def rebuilt(squares: list[str], fields: list[str]) -> str:
    """A FEN of 64 squares and the fields of another."""
    ranks = ["".join(squares[rank * 8 : rank * 8 + 8]) for rank in range(8)]
    board = "/".join(ranks)
    for free in range(8, 0, -1):
        board = board.replace("." * free, str(free))
    return " ".join([board, *fields[1:]])


def flipped(fields: list[str]) -> list[str]:
    """The first two fields with the other side to move."""
    return [fields[0], "bw"[fields[1] == "b"]]


def edited(squares: list[str], draw: random.Random) -> list[str]:
    """One to three squares set to anything."""
    squares = squares[:]
    for _ in range(draw.randint(1, 3)):
        squares[draw.randrange(64)] = draw.choice("....PNBRQKpnbrqk")
    return squares


def beside(squares: list[str], draw: random.Random) -> list[str]:
    """One king moved near the other."""
    squares = squares[:]
    if "K" in squares and "k" in squares:
        mover, other = draw.choice([("K", "k"), ("k", "K")])
        rank, file = divmod(squares.index(other), 8)
        squares[squares.index(mover)] = "."
        near = [
            (rank + up, file + right)
            for up in (-2, -1, 0, 1, 2)
            for right in (-2, -1, 0, 1, 2)
            if up or right
        ]
        up, right = draw.choice([(up, right) for up, right in near if 0 <= up < 8 and 0 <= right < 8])
        squares[up * 8 + right] = mover
    return squares


def sparse(draw: random.Random) -> list[str]:
    """Two kings and up to six other pieces anywhere."""
    squares = ["."] * 64
    pieces = ["K", "k", *draw.choices("NBRQPnbrqp", k=draw.randint(0, 6))]
    for piece, square in zip(pieces, draw.sample(range(64), len(pieces)), strict=True):
        squares[square] = piece
    return squares


def after_double_step(draw: random.Random) -> str:
    """Kings, a pawn that may just have moved two squares, and pieces of its side that may give check."""
    white = draw.random() < 0.5
    file = draw.randrange(8)
    squares = ["."] * 64
    home, passed, target = (6, 5, 4) if white else (1, 2, 3)
    squares[target * 8 + file] = "P" if white else "p"
    free = [
        square for square in range(64) if square not in {row * 8 + file for row in (home, passed, target)}
    ]
    pieces = [
        "K",
        "k",
        *(piece if white else piece.lower() for piece in draw.choices("NBRQ", k=draw.randint(1, 3))),
    ]
    for piece, square in zip(pieces, draw.sample(free, len(pieces)), strict=True):
        squares[square] = piece
    en_passant = "abcdefgh"[file] + "87654321"[passed]
    return rebuilt(squares, ["", "b" if white else "w", "-", en_passant, "0", "1"])


def any_castling(draw: random.Random) -> str:
    """A field of castling rights that python-chess reads."""
    letters = "KQ" if draw.random() < 0.5 else "ABCDEFGH"
    white = "".join(sorted(draw.sample(letters, draw.randint(0, 2))))
    black = "".join(sorted(draw.sample(letters.lower(), draw.randint(0, 2))))
    return white + black or "-"


def mutated_text(fen: str, draw: random.Random) -> str:
    """One character of the board, the side or the en passant square replaced, left out or put in."""
    fields = fen.split()
    at = draw.choice([0, 0, 0, 1, 3])
    text, place = fields[at], draw.randrange(len(fields[at]))
    letter = draw.choice("pnbrqkPNBRQK123456780/wbacdefgh-")
    fields[at] = text[:place] + draw.choice(["", letter, letter + text[place]]) + text[place + 1 :]
    return " ".join(fields)


def run_chunk(number: int, positions: int, seed: int, data: Path) -> tuple[Counter[str], list[Disagreement]]:
    """Mutants of the positions at which games begin: what was seen, and where the two differ."""
    draw = random.Random(f"validity:{seed}:{number}")
    seen: Counter[str] = Counter()
    found: list[Disagreement] = []
    starts = [
        start for source in sources(data) for start in source.starts[:: max(1, len(source.starts) // 2000)]
    ]
    for _ in range(positions):
        start = draw.choice(starts)
        seen["Chess960 positions"] += start.chess960
        found += check(mutant(start.fen, draw), seen, draw)
    seen["positions"] += positions
    return seen, found


def main() -> int:
    """Run from the command line; 0 without disagreements, 1 with some."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.parity.validity", description=__doc__.split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--positions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    arguments = parser.parse_args()
    seen: Counter[str] = Counter()
    found: list[Disagreement] = []
    with ProcessPoolExecutor(arguments.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        sizes = [min(CHUNK, arguments.positions - at) for at in range(0, arguments.positions, CHUNK)]
        running = [pool.submit(run_chunk, at, size, arguments.seed, DATA) for at, size in enumerate(sizes)]
        for future in running:
            counts, differing = future.result()
            seen.update(counts)
            found += differing
    for disagreement in found[:20]:
        print(disagreement)
    for name, count in sorted(seen.items()):
        print(f"{count:>12,}  {name}")
    print(f"{len(found)} disagreements in {arguments.positions:,} positions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
