"""Tasks: the kinds of example, and how each is read, stored, prompted and judged."""

from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.dataset import read_examples
from w2s.tasks.move import Clock, MoveExample
from w2s.tasks.registry import TASKS, get_task, grade, judge, task_for
from w2s.tasks.task import Example, Task

__all__ = [
    "TASKS",
    "AnswerExample",
    "ChoiceExample",
    "Clock",
    "Example",
    "MoveExample",
    "Task",
    "get_task",
    "grade",
    "judge",
    "read_examples",
    "task_for",
]
