"""Stockfish over raw pipes, many positions in flight: what building the ladder asks of an engine.

Knows nothing about games in progress. One thread and a small hash, so that the same questions in the same
order have the same answers. A build-time tool: what is bundled needs no engine.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MATE_CP = 32_000
"""A mate on the spot; a mate in ``n`` moves is worth ``n`` less. Fits 16 bits."""
_IN_FLIGHT = 128
_HASH_MB = 4


class Line(NamedTuple):
    """A move and its value for the player to move, in centipawns."""

    move: str
    value_cp: int


class Stockfish:
    """One engine process; use as a context."""

    def __init__(self) -> None:
        command = shutil.which("stockfish") or "/usr/games/stockfish"
        if not Path(command).is_file():
            raise SystemExit("building chess data needs Stockfish (Debian: apt-get install stockfish)")
        self._process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._lines = 1
        self._say(b"uci\nsetoption name Hash value %d\n" % _HASH_MB)
        self.forget()

    def __enter__(self) -> Stockfish:
        return self

    def __exit__(self, *_: object) -> None:
        self._say(b"quit\n")
        self._process.communicate()

    def forget(self) -> None:
        """Forget everything that was searched."""
        self._say(b"ucinewgame\n")
        self._wait()

    def ask(
        self, positions: Sequence[str], nodes: int, lines: int = 1, *, forget: bool = False
    ) -> Iterator[list[bytes]]:
        """For each position the ``info`` lines of one search; ``forget``: each as if it were the first."""
        if lines != self._lines:
            self._say(b"setoption name MultiPV value %d\n" % lines)
            self._wait()
            self._lines = lines
        go = b"go nodes %d\n" % nodes
        before = b"ucinewgame\n" if forget else b""
        for at in range(0, len(positions), _IN_FLIGHT):
            window = positions[at : at + _IN_FLIGHT]
            self._say(b"".join(b"%sposition fen %s\n%s" % (before, text.encode(), go) for text in window))
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

    def _say(self, text: bytes) -> None:
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _wait(self) -> None:
        self._say(b"isready\n")
        for line in iter(self._out.readline, b""):
            if line.startswith(b"readyok"):
                return
        raise SystemExit("Stockfish ended before it was ready")


def ranked(answer: Sequence[bytes]) -> list[Line]:
    """The last line of each rank, best first; empty where the game is over."""
    last: dict[bytes, bytes] = {}
    for line in answer:
        last[_word(line, b" multipv ")] = line
    return [_line(last[rank]) for rank in sorted(last, key=int)]


def settled(answer: Sequence[bytes], move: str) -> int:
    """Nodes after which the first choice stayed ``move`` to the end, by completed iterations; from 1."""
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
