"""Inputs of figures: chess puzzles, and positions with two answers each. Puzzles are real inputs outside the
checkout; positions fall back to random play.
"""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import SkippedError
from w2s.games import State, game

PUZZLES = Path(os.environ.get("W2S_DATA", "data")) / "lichess-puzzles-10k" / "lichess_puzzles.csv"
FROM_PLAY = 10_000


@dataclass(frozen=True)
class Puzzle:
    """A position with its best move in canonical form; ``rating`` says how hard it is."""

    state: State
    solution: str
    rating: int
    line: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """Columns of text: positions, answers in SAN, answers in UCI."""

    positions: list[str]
    san: list[str]
    uci: list[str]


def puzzles() -> list[Puzzle]:
    """All puzzles in file order, after the opponent's move that each begins with.

    Raises:
        SkippedError: the file is not there.
    """
    if not PUZZLES.exists():
        raise SkippedError(f"needs {'/'.join(PUZZLES.parts[-4:])} next to the checkout")
    with PUZZLES.open(encoding="utf-8", newline="") as lines:
        return [_puzzle(*row) for row in csv.reader(lines)]


def _puzzle(position: str, moves: str, rating: str) -> Puzzle:
    first, *line = moves.split()
    return Puzzle(game("chess").state(position).play(first), line[0], int(rating), tuple(line))


def source() -> str:
    """Where the positions of :func:`rows` come from, in words."""
    return "Lichess puzzles" if PUZZLES.exists() else "random play, because the puzzles are not there"


def rows(count: int, seed: int = 0) -> Rows:
    """Positions with two answers; in every second row both are the same move. No two texts share memory."""
    rng = random.Random(seed)
    found = Rows([], [], [])
    for index, (state, move) in enumerate(_answered(rng)):
        other = move if index % 2 == 0 else rng.choice(state.legal_moves())
        found.positions.append(state.position)
        found.san.append(state.print(move))
        found.uci.append(other)
    return Rows(*(_repeated(column, count) for column in (found.positions, found.san, found.uci)))


def _answered(rng: random.Random) -> Iterator[tuple[State, str]]:
    if PUZZLES.exists():
        for puzzle in puzzles():
            yield puzzle.state, puzzle.solution
        return
    state = game("chess").state()
    for _ in range(FROM_PLAY):
        move = rng.choice(state.legal_moves())
        yield state, move
        state = state.play(move)
        if state.outcome() is not None:
            state = game("chess").state()


def _repeated(texts: list[str], count: int) -> list[str]:
    """``count`` texts in turn, each in separate memory, as if read from a file."""
    raw = [text.encode() for text in texts]
    return [raw[index % len(raw)].decode() for index in range(count)]


def random_states(name: str, count: int, seed: int = 0) -> list[State]:
    """Unfinished states of random games, 4 to 59 plies from the start."""
    draw, found = random.Random(seed), []
    while len(found) < count:
        state = game(name).state()
        for _ in range(draw.randrange(4, 60)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found.append(state)
    return found
