"""The tasks by name: move, choice and answer. A new task is its module and one entry here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from w2s.errors import UsageError
from w2s.tasks.answer import (
    AnswerExample,
    answer_key,
    answer_row,
    answer_schema,
    canonical_answer,
    judge_answer,
    read_answers,
    same_answer,
)
from w2s.tasks.choice import (
    ChoiceExample,
    canonical_choice,
    choice_key,
    choice_row,
    choice_schema,
    judge_choice,
    read_choices,
    same_choice,
)
from w2s.tasks.example import Example
from w2s.tasks.move import (
    MoveExample,
    canonical_move,
    judge_move,
    move_key,
    move_row,
    move_schema,
    same_move,
)
from w2s.tasks.task import ReadOptions, Task


def _read_moves(source: str | Path, options: ReadOptions) -> Iterator[MoveExample]:
    from w2s.tasks.move_dataset import read_move_examples

    if options.columns is not None:
        raise UsageError(
            "task-columns-for-moves",
            "columns can be named for choice and answer only; the formats of moves have fixed columns",
        )
    return read_move_examples(Path(source), options.game, options.on_bad_row)


TASKS: dict[str, Task[Any]] = {
    "move": Task(
        "move",
        MoveExample,
        read=_read_moves,
        judge=judge_move,
        same=same_move,
        canonical=canonical_move,
        key=move_key,
        schema=move_schema,
        row=move_row,
    ),
    "choice": Task(
        "choice",
        ChoiceExample,
        read=lambda source, options: read_choices(source, options.columns, options.on_bad_row),
        judge=judge_choice,
        same=same_choice,
        canonical=canonical_choice,
        key=choice_key,
        schema=choice_schema,
        row=choice_row,
    ),
    "answer": Task(
        "answer",
        AnswerExample,
        read=lambda source, options: read_answers(source, options.columns, options.on_bad_row),
        judge=judge_answer,
        same=same_answer,
        canonical=canonical_answer,
        key=answer_key,
        schema=answer_schema,
        row=answer_row,
    ),
}
"""Every task by name."""
_BY_KIND: dict[type, Task[Any]] = {task.kind: task for task in TASKS.values()}


def get_task(name: str) -> Task[Any]:
    """The task of a name.

    Raises:
        UsageError: there is none; the message lists the tasks.
    """
    if name not in TASKS:
        raise UsageError("task-unknown", f"no task is called {name!r}; the tasks are: {', '.join(TASKS)}")
    return TASKS[name]


def task_for(example: Example) -> Task[Any]:
    """The task of an example."""
    return _BY_KIND[type(example)]
