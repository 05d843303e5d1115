"""Finding the final answer in a reply, and checking whether two final answers are equal."""

from w2s.tasks.answer_check.equal import answers_equal
from w2s.tasks.answer_check.text import final_answer

__all__ = ["answers_equal", "final_answer"]
