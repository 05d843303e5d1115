"""A puzzle as it is mined and as it is bundled.

Knows nothing about how it was found.
"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from w2s.games import State, game
from w2s.tasks.move import move_schema

HISTORY = 8
"""Plies before the question that a puzzle keeps."""

BUNDLED = move_schema().append(pa.field("split", pa.string()))
MINED = BUNDLED.append(pa.field("key", pa.uint64())).append(pa.field("easy", pa.bool_()))


def is_test(number: int) -> bool:
    """Whether the puzzles of a game are for testing: those of one game in five."""
    return number % 5 == 4


def puzzle(state: State, solutions: list[str], nodes: float, number: int, *, easy: bool) -> dict[str, Any]:
    """The row of a puzzle of a game; its difficulty is log2 of the nodes that finding the solution took.

    ``easy``: it is found at a glance.
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
