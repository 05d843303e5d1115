"""The schemas of puzzles, mined and bundled."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from w2s.games import State, game
from w2s.tasks.move import move_schema

HISTORY = 8
"""Number of plies before the question that a puzzle stores."""

BUNDLED = move_schema().append(pa.field("split", pa.string()))
MINED = BUNDLED.append(pa.field("key", pa.uint64())).append(pa.field("easy", pa.bool_()))


def is_test(number: int) -> bool:
    """Whether the puzzles of a game are test puzzles: those of one game in five."""
    return number % 5 == 4


def puzzle_row(
    state: State, solutions: list[str], nodes: float, number: int, *, easy: bool
) -> dict[str, Any]:
    """The row of a puzzle.

    Args:
        state: the position with its history.
        solutions: moves that solve it.
        nodes: nodes after which a search found the solution; the difficulty is their log2.
        number: number of the game.
        easy: whether a shallow search finds the solution.
    """
    moves = state.moves()
    before = game(state.game).state("startpos", moves[: max(0, len(moves) - HISTORY)])
    return {
        "id": f"{state.game}-{number}-{state.ply}",
        "game": state.game,
        "position": state.position,
        "start": before.position,
        "played": moves[before.ply :],
        "solutions": solutions,
        "difficulty": math.log2(max(1.0, nodes)),
        "group": f"{state.game}-{number}",
        "split": "test" if is_test(number) else "train",
        "key": state.key,
        "easy": easy,
    }
