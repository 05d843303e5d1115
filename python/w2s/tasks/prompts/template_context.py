"""The variables of a template: what an example of each task offers, computed when a template uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from w2s.errors import DataError
from w2s.games import State, game
from w2s.tasks.answer import AnswerExample, judge_answer
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.example import Example
from w2s.tasks.move import MoveExample
from w2s.tasks.registry import task_for

Variable = Callable[[Any], Any]
_NOTATIONS = {
    "chess": "UCI notation, like e2e4",
    "connect_four": "the number of a column, counted from 1",
    "othello": "a square, like d3",
}

_CHOICE: dict[str, Variable] = {
    "question": lambda example: example.question,
    "options": lambda example: list(zip(example.letters, example.options, strict=True)),
    "option": lambda example: dict(zip(example.letters, example.options, strict=True)),
}
_ANSWER: dict[str, Variable] = {
    "question": lambda example: example.question,
}
_MOVE: dict[str, Variable] = {
    "game": lambda example: example.state.game.replace("_", " "),
    "position": lambda example: example.state.position,
    "start": lambda example: example.state.start_position,
    "usual_start": lambda example: game(example.state.game).state().position == example.state.start_position,
    "moves": lambda example: example.state.moves(),
    "line": lambda example: _line(example.state, "canonical"),
    "line_san": lambda example: _line(example.state, "san"),
    "legal": lambda example: sorted(example.state.legal_moves()),
    "legal_san": lambda example: sorted(example.state.legal_moves("san")),
    "notation": lambda example: _NOTATIONS.get(example.state.game, "the game's notation"),
    "notation_san": lambda example: (
        "standard algebraic notation, like Nf3"
        if example.state.game == "chess"
        else _MOVE["notation"](example)
    ),
    "rejected": lambda example: list(example.rejected),
}
EXAMPLE_VARIABLES: Mapping[type, Mapping[str, Variable]] = {
    ChoiceExample: _CHOICE,
    AnswerExample: _ANSWER,
    MoveExample: _MOVE,
}
"""The variables of each class of examples."""


def reply_variables(example: Example, label: str) -> dict[str, Any]:
    """The variables that only a reply template may use.

    These are the ``label``; for moves also ``san``; for final answers also ``solution``, the worked solution
    of the gold answer, which is None for a wrong label.

    Raises:
        DataError: the example is multiple choice, and the label is not one of its options.
    """
    if isinstance(example, AnswerExample):
        return {"label": label, "solution": example.solution if judge_answer(example, label) else None}
    known = task_for(example).canonical(example, label)
    if isinstance(example, ChoiceExample):
        if known is None:
            raise DataError(
                "task-label-not-option",
                f"example {example.id!r} has no option {label[:40]!r}; it has {example.letters}",
            )
        return {"label": known}
    return {
        "label": label if known is None else known,
        "san": label if known is None else example.state.print(known),
    }


def _line(state: State, notation: str) -> str:
    """The moves so far, in chess with move numbers: ``1. e4 e5 2. Nf3``."""
    moves = state.moves(notation)
    if state.game != "chess":
        return " ".join(moves)
    fields = state.start_position.split()
    half = 2 * (int(fields[5]) - 1) + (fields[1] == "b")
    return " ".join(_numbered(half + ply, ply, move) for ply, move in enumerate(moves))


def _numbered(half: int, ply: int, move: str) -> str:
    if half % 2 == 0:
        return f"{half // 2 + 1}. {move}"
    return f"{half // 2 + 1}... {move}" if ply == 0 else move
