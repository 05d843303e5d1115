"""The type of any example: one row of a dataset, of any task; apart so that each task stays independent."""

from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.move import MoveExample

Example = MoveExample | ChoiceExample | AnswerExample
"""What a model can be asked."""
