"""Whether a move is right, and when two mean the same, by what the example says of itself.

Knows nothing about models or where the example came from.
"""

from __future__ import annotations

from w2s.games import State
from w2s.tasks.move import MoveExample


def judge_move(example: MoveExample, label: str | None) -> bool | None:
    """Whether a label in any notation is a right move; None where the example has no gold.

    A move is right when it is in the solution set. Where a solution wins at once (a mate in chess), every
    move that wins at once is right. A label that is no legal move is wrong.
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


def grade_move(example: MoveExample, label: str | None) -> float:
    """The share of the full score that the grades give a label; nothing where it is not among them."""
    move = _read(example.state, label)
    return max((score for graded, score in example.grades if graded == move), default=0.0)


def canonical_move(example: MoveExample, label: str) -> str | None:
    """The canonical text of a legal move in any notation; None where it is none."""
    return example.state.read(label)[0]


def same_move(example: MoveExample, left: str, right: str) -> bool:
    """Whether two labels are one legal move."""
    move = canonical_move(example, left)
    return move is not None and move == canonical_move(example, right)


def move_key(example: MoveExample) -> str:
    """Equal for one position, however it was reached."""
    return f"{example.state.game} {example.state.key:016x}"


def wins_at_once(state: State, move: str) -> bool:
    """Whether a legal move ends the game and the mover wins it."""
    outcome = state.play(move).outcome(claimed=False)
    return outcome is not None and outcome.winner == state.to_move


def _read(state: State, label: str | None) -> str | None:
    return None if label is None else state.read(label)[0]
