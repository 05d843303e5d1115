"""Examples as rows of Parquet, by task, from which they can be read again.

Knows nothing about who writes or reads the tables.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample
from w2s.tasks.move_rows import PUZZLES, move_row
from w2s.tasks.registry import Example

__all__ = ["ANSWERS", "CHOICES", "PUZZLES", "SCHEMAS", "row_of"]

CHOICES = pa.schema(
    [
        ("id", pa.string()),
        ("question", pa.string()),
        ("options", pa.list_(pa.string())),
        ("solutions", pa.list_(pa.string())),
        ("difficulty", pa.float32()),
        ("group", pa.string()),
    ]
)
"""Multiple choice, one question a row; ``solutions`` are letters."""

ANSWERS = pa.schema(
    [
        ("id", pa.string()),
        ("question", pa.string()),
        ("solutions", pa.list_(pa.string())),
        ("worked", pa.string()),
        ("difficulty", pa.float32()),
        ("group", pa.string()),
    ]
)
"""Questions with a final answer; ``solutions`` are the accepted ones, ``worked`` shows how one is found."""

SCHEMAS = {"move": PUZZLES, "choice": CHOICES, "answer": ANSWERS}
"""The columns of each task."""


def row_of(example: Example) -> dict[str, Any]:
    """An example in the columns of its task, from which it can be read again."""
    if isinstance(example, MoveExample):
        return move_row(example)
    row: dict[str, Any] = {
        "id": example.id,
        "question": example.question,
        "solutions": list(example.gold),
        "difficulty": example.difficulty,
        "group": example.group,
    }
    if isinstance(example, ChoiceExample):
        return row | {"options": list(example.options)}
    return row | {"worked": example.solution}
