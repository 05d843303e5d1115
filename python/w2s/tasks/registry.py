"""The tasks that there are: move, choice and answer.

Knows nothing about how they do what they do. What reads files is imported when a file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s.errors import UsageError
from w2s.tasks.answer import AnswerExample, answer_key, canonical_answer, judge_answer, same_label
from w2s.tasks.choice import ChoiceExample, canonical_choice, choice_key, judge_choice, same_choice
from w2s.tasks.move import MoveExample
from w2s.tasks.move_judging import canonical_move, judge_move, move_key, same_move
from w2s.tasks.task import Reading, Task

if TYPE_CHECKING:
    import pyarrow as pa

Example = MoveExample | ChoiceExample | AnswerExample
"""What a model can be asked."""


def _read_moves(source: str | Path, reading: Reading) -> Iterator[MoveExample]:
    from w2s.tasks.move_files import read_moves_of

    if reading.columns is not None:
        raise UsageError("columns are named for choice and answer; the formats of moves have their own")
    return read_moves_of(Path(source), reading.game, reading.bad_row)


def _read_choices(source: str | Path, reading: Reading) -> Iterator[ChoiceExample]:
    from w2s.tasks.choice_rows import read_choices

    return read_choices(source, reading.columns, reading.bad_row)


def _read_answers(source: str | Path, reading: Reading) -> Iterator[AnswerExample]:
    from w2s.tasks.answer_rows import read_answers

    return read_answers(source, reading.columns, reading.bad_row)


def _schema(name: str) -> pa.Schema:
    from w2s.tasks import tables

    return tables.SCHEMAS[name]


def _row(example: Example) -> dict[str, Any]:
    from w2s.tasks import tables

    return tables.row_of(example)


MOVE = Task(
    "move",
    MoveExample,
    read=_read_moves,
    judge=judge_move,
    same=same_move,
    canonical=canonical_move,
    key=move_key,
    schema=lambda: _schema("move"),
    row=_row,
)
CHOICE = Task(
    "choice",
    ChoiceExample,
    read=_read_choices,
    judge=judge_choice,
    same=same_choice,
    canonical=canonical_choice,
    key=choice_key,
    schema=lambda: _schema("choice"),
    row=_row,
)
ANSWER = Task(
    "answer",
    AnswerExample,
    read=_read_answers,
    judge=judge_answer,
    same=same_label,
    canonical=canonical_answer,
    key=answer_key,
    schema=lambda: _schema("answer"),
    row=_row,
)
TASKS: dict[str, Task[Any]] = {task.name: task for task in (MOVE, CHOICE, ANSWER)}
"""Every task by name."""
_OF_KIND: dict[type, Task[Any]] = {task.kind: task for task in TASKS.values()}


def task_named(name: str) -> Task[Any]:
    """The task of that name.

    Raises:
        UsageError: there is none; the message lists those that exist.
    """
    if name not in TASKS:
        raise UsageError(f"no task is called {name!r}; the tasks are: {', '.join(TASKS)}")
    return TASKS[name]


def task_of(example: Example) -> Task[Any]:
    """The task whose example this is."""
    return _OF_KIND[type(example)]
