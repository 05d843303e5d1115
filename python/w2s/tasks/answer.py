"""The ``answer`` task: a question whose answer ends in a value that can be compared, as in maths.

Knows nothing about models, prompts or files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from w2s.tasks.checking import same_answer
from w2s.tasks.checking.text import plain


@dataclass(frozen=True, slots=True)
class AnswerExample:
    """One question with a final answer.

    A label is the final answer as the model wrote it, ``72`` or ``\\frac{1}{2}``. ``gold`` are the accepted
    answers, empty where none is known. ``solution`` is the worked answer of the source. ``difficulty`` is
    the source's own measure, higher is harder. ``group`` names what must not be split.
    """

    id: str
    question: str
    gold: tuple[str, ...] = ()
    solution: str | None = None
    difficulty: float | None = None
    group: str | None = None


def canonical_answer(example: AnswerExample, label: str) -> str | None:
    """The label without typography, None where nothing is left."""
    return plain(label) or None


def judge_answer(example: AnswerExample, label: str | None) -> bool | None:
    """Whether a label means one of the accepted answers; None where the example has no gold."""
    if not example.gold:
        return None
    return bool(label) and any(same_answer(str(label), right) for right in example.gold)


def same_label(example: AnswerExample, left: str, right: str) -> bool:
    """Whether two labels mean one answer."""
    return same_answer(left, right)


def answer_key(example: AnswerExample) -> str:
    """Equal for one question, in whatever case and spacing."""
    words = " ".join(example.question.casefold().split())
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()
