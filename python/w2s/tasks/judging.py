"""Whether a label is right, by what the example says of itself.

Knows nothing about models or where the example came from.
"""

from __future__ import annotations

from w2s.tasks.move import MoveExample
from w2s.tasks.move_judging import grade_move
from w2s.tasks.registry import Example, task_of


def judge(example: Example, label: str | None) -> bool | None:
    """Whether a label is right; None where the example has no gold. No label is a wrong one.

    A move is right when it is in the solution set, in any notation. Where a solution wins at once (a mate in
    chess), every move that wins at once is right. An option is right by its letter or its text, a final
    answer when it means the same as an accepted one. A label that means nothing is wrong.

    Example:
        >>> import w2s
        >>> from w2s.tasks import AnswerExample, MoveExample, judge
        >>> state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1")
        >>> [judge(MoveExample("a", state, gold=("a1a8",)), move) for move in ("Rb8#", "Ra7", "?")]
        [True, False, False]
        >>> judge(AnswerExample("b", "Half of 3?", gold=("3/2",)), "1.5")
        True
    """
    right: bool | None = task_of(example).judge(example, label)
    return right


def grade(example: Example, label: str | None) -> float | None:
    """The share of the full score that a label earns, in [0, 1]; None where nothing is known.

    Where the example has no grades, a right label earns 1 and any other 0.
    """
    if isinstance(example, MoveExample) and example.grades:
        return grade_move(example, label)
    right = judge(example, label)
    return None if right is None else float(right)
