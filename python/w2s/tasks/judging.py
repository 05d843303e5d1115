"""Whether a label is right, by what the example says of itself.

Knows nothing about models or where the example came from.
"""

from __future__ import annotations

from w2s.games import State
from w2s.tasks.move import MoveExample


def judge(example: MoveExample, label: str | None) -> bool | None:
    """Whether a label in any notation is a right move; None where the example has no gold.

    A move is right when it is in the solution set. Where a solution wins at once (a mate in chess), every
    move that wins at once is right. A label that is no legal move is wrong.

    Example:
        >>> import w2s
        >>> from w2s.tasks import MoveExample, judge
        >>> state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1")
        >>> [judge(MoveExample("a", state, gold=("a1a8",)), move) for move in ("Rb8#", "Ra7", "?")]
        [True, False, False]
    """
    if not example.gold:
        return None
    move = _read(example.state, label)
    if move is None:
        return False
    if move in example.gold:
        return True
    return wins_at_once(example.state, move) and any(
        wins_at_once(example.state, right) for right in example.gold
    )


def grade(example: MoveExample, label: str | None) -> float | None:
    """The share of the full score that a label earns, in [0, 1]; None where nothing is known.

    Where the example has no grades, a right move earns 1 and any other 0.
    """
    if not example.grades:
        right = judge(example, label)
        return None if right is None else float(right)
    move = _read(example.state, label)
    return max((score for graded, score in example.grades if graded == move), default=0.0)


def wins_at_once(state: State, move: str) -> bool:
    """Whether a legal move ends the game and the mover wins it."""
    outcome = state.play(move).outcome(claimed=False)
    return outcome is not None and outcome.winner == state.to_move


def _read(state: State, label: str | None) -> str | None:
    return None if label is None else state.read(label)[0]
