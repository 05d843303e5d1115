"""A model's reply as free text → a label.

Knows nothing about models or prompts.
"""

from __future__ import annotations

from w2s.tasks.answer import AnswerExample
from w2s.tasks.checking.final import MOST_LETTERS, after_thinking, final_answer
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts.choice_replies import find_choice
from w2s.tasks.prompts.move_replies import find_move
from w2s.tasks.registry import Example


def parse_reply(example: Example, text: str) -> str | None:
    """The label that a reply gives: a letter, a final answer, or a move in canonical form; None for none.

    What a model wrote before ``</think>`` does not count.

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
    said = after_thinking(text)[-MOST_LETTERS:]
    return (
        find_choice(example, said) if isinstance(example, ChoiceExample) else find_move(example.state, said)
    )
