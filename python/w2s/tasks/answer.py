"""The ``answer`` task: a question whose answer ends in a value that can be compared, as in maths.

Knows nothing about models, prompts or files.
"""

from __future__ import annotations

from dataclasses import dataclass


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
