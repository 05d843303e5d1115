"""Whether a label is right, and how good it is, by the gold and the grades of its example."""

from __future__ import annotations

from w2s.tasks.example import Example
from w2s.tasks.move import MoveExample, grade_move
from w2s.tasks.registry import task_for


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
