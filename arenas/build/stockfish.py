"""Stockfish over raw pipes with many positions in flight, for building the bundled data.

One thread and a small hash: the same questions in the same order have the same answers.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MATE_CP = 32_000
"""The value of an immediate mate; a mate in ``n`` moves is worth ``n`` less. Fits in 16 bits."""
_IN_FLIGHT = 128
_HASH_MB = 4


class Line(NamedTuple):
    """A move and its value for the player to move, in centipawns."""

    move: str
    value_cp: int


class Stockfish:
    """One engine process; use it as a context manager."""

    def __init__(self) -> None:
        command = shutil.which("stockfish") or "/usr/games/stockfish"
        if not Path(command).is_file():
            raise SystemExit("building chess data needs Stockfish (Debian: apt-get install stockfish)")
        self._process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._lines = 1
        self._send(b"uci\nsetoption name Hash value %d\n" % _HASH_MB)
        self.new_game()

    def __enter__(self) -> Stockfish:
        return self

    def __exit__(self, *_: object) -> None:
        self._send(b"quit\n")
        self._process.communicate()

    def new_game(self) -> None:
        """Start a new game: forget everything that was searched."""
        self._send(b"ucinewgame\n")
        self._wait()

    def search(
        self, positions: Sequence[str], nodes: int, lines: int = 1, *, new_game: bool = False
    ) -> Iterator[list[bytes]]:
        """The ``info`` lines of one search per position; ``new_game``: forget all searches before each."""
        if lines != self._lines:
            self._send(b"setoption name MultiPV value %d\n" % lines)
            self._wait()
            self._lines = lines
        go = b"go nodes %d\n" % nodes
        before = b"ucinewgame\n" if new_game else b""
        for at in range(0, len(positions), _IN_FLIGHT):
            window = positions[at : at + _IN_FLIGHT]
            self._send(b"".join(b"%sposition fen %s\n%s" % (before, text.encode(), go) for text in window))
            for _ in window:
                yield self._answer()

    def _answer(self) -> list[bytes]:
        found = []
        for line in iter(self._out.readline, b""):
            if line.startswith(b"bestmove"):
                return found
            if b" pv " in line and b"bound " not in line:
                found.append(line)
        raise SystemExit("Stockfish ended in the middle of an answer")

    @property
    def _out(self) -> object:
        return self._process.stdout

    def _send(self, text: bytes) -> None:
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _wait(self) -> None:
        self._send(b"isready\n")
        for line in iter(self._out.readline, b""):
            if line.startswith(b"readyok"):
                return
        raise SystemExit("Stockfish ended before it was ready")


def ranked_lines(answer: Sequence[bytes]) -> list[Line]:
    """The last line of each rank, the best first; empty if the game is over."""
    last: dict[bytes, bytes] = {}
    for line in answer:
        last[_word(line, b" multipv ")] = line
    return [_line(last[rank]) for rank in sorted(last, key=int)]


def nodes_until_stable(answer: Sequence[bytes], move: str) -> int:
    """Nodes after which ``move`` stayed the first choice, by completed iterations; at least 1."""
    nodes, wanted = None, move.encode()
    for line in answer:
        if _word(line, b" multipv ") == b"1":
            if _word(line, b" pv ") != wanted:
                nodes = None
            elif nodes is None:
                nodes = int(_word(line, b" nodes "))
    return max(1, nodes or 1)


def _line(line: bytes) -> Line:
    kind, value = line[line.index(b" score ") + 7 :].split(b" ", 2)[:2]
    number = int(value)
    if kind == b"mate":
        number = MATE_CP - number if number > 0 else -MATE_CP - number
    return Line(_word(line, b" pv ").decode(), max(-MATE_CP, min(MATE_CP, number)))


def _word(line: bytes, after: bytes) -> bytes:
    return line[line.index(after) + len(after) :].split(None, 1)[0]
