"""Kinds of example: how one is asked, read and judged.

Knows nothing about who answers.
"""

from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.judging import grade, judge
from w2s.tasks.move import Clock, MoveExample
from w2s.tasks.reading import read_examples
from w2s.tasks.registry import TASKS, Example, task_named, task_of
from w2s.tasks.task import Task

__all__ = [
    "TASKS",
    "AnswerExample",
    "ChoiceExample",
    "Clock",
    "Example",
    "MoveExample",
    "Task",
    "grade",
    "judge",
    "read_examples",
    "task_named",
    "task_of",
]
