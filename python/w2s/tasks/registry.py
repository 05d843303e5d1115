"""The tasks by name: move, choice and answer. A new task is its module and one entry here.

Labels of any example are judged and graded here, by the task of the example.
"""

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
from w2s.tasks.move import (
    MoveExample,
    canonical_move,
    grade_move,
    judge_move,
    move_key,
    move_row,
    move_schema,
    same_move,
)
from w2s.tasks.task import Example, ReadOptions, Task


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


# Labels of any example ------------------------------------------------------------------------------------


def judge(example: Example, label: str | None) -> bool | None:
    """Whether a label is right; None if the example has no gold. A missing label is wrong.

    A move in any notation is right if it is a gold move, or if it wins immediately and a gold move does too.
    An option is right by its letter or its text. A final answer is right if it equals an accepted one.
    Labels that mean nothing are wrong.

    Example:
        >>> import w2s
        >>> from w2s.tasks import AnswerExample, MoveExample, judge
        >>> state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1")
        >>> [judge(MoveExample("a", state, gold=("a1a8",)), move) for move in ("Rb8#", "Ra7", "?")]
        [True, False, False]
        >>> judge(AnswerExample("b", "Half of 3?", gold=("3/2",)), "1.5")
        True
    """
    right: bool | None = task_for(example).judge(example, label)
    return right


def grade(example: Example, label: str | None) -> float | None:
    """The share of the full score that a label earns, in [0, 1]; None if it cannot be judged.

    Without grades, a right label earns 1 and any other 0.
    """
    if isinstance(example, MoveExample) and example.grades:
        return grade_move(example, label)
    right = judge(example, label)
    return None if right is None else float(right)
