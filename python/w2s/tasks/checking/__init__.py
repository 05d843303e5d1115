"""Whether two final answers mean the same, and where a reply says its final answer.

Knows nothing about examples, models or prompts.
"""

from w2s.tasks.checking.comparing import same_answer
from w2s.tasks.checking.final import final_answer

__all__ = ["final_answer", "same_answer"]
