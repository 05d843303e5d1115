"""Labels out of free-text replies; each task has its own rules, in this package or in ``answer_check``."""

from __future__ import annotations

from w2s.tasks.answer import AnswerExample
from w2s.tasks.answer_check.extract import MAX_REPLY_LETTERS, final_answer, strip_thinking
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.example import Example
from w2s.tasks.prompts.choice_replies import find_choice
from w2s.tasks.prompts.move_replies import find_move


def parse_reply(example: Example, text: str) -> str | None:
    """The label in a reply: a letter, a final answer, or a move in canonical form; None if there is none.

    Text before ``</think>`` is ignored.

    Example:
        >>> import w2s
        >>> from w2s.tasks import ChoiceExample, MoveExample
        >>> parse_reply(ChoiceExample("a", "Which?", ("red", "blue")), "I think the answer is (B).")
        'B'
        >>> parse_reply(MoveExample("b", w2s.game("chess").state()), "I would play **Nf3**, as it ...")
        'g1f3'
    """
    if isinstance(example, AnswerExample):
        return final_answer(text)
    text = strip_thinking(text)[-MAX_REPLY_LETTERS:]
    if isinstance(example, ChoiceExample):
        return find_choice(example, text)
    return find_move(example.state, text)
