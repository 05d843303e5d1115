"""The ``move`` task: the best move in a position. A position in a match is an example like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from w2s.games import State

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of a timed match, seen by the player to move, in seconds."""

    own_s: float
    other_s: float
    increment_s: float


@dataclass(frozen=True, slots=True)
class MoveExample:
    """One position that asks for a move.

    Attributes:
        id: unique id.
        state: the position and how it was reached.
        gold: the right moves in canonical form; empty if unknown.
        match: the match in which the answer will be played; None if the position is only labelled, and then
            a model must answer as if it had never seen another position.
        clock: the clocks of a timed match.
        attempt: number of earlier answers to the same example that were not legal.
        rejected: those answers.
        only: restricts the answer to some of the legal moves; an oracle uses it to value one move.
        difficulty: the difficulty given by the source; higher is harder.
        group: examples of one group, such as one game, get the same split.
        grades: shares of the full score, in [0, 1], of some moves.
    """

    id: str
    state: State
    gold: tuple[str, ...] = ()
    match: str | None = None
    clock: Clock | None = None
    attempt: int = 0
    rejected: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    difficulty: float | None = None
    group: str | None = None
    grades: tuple[tuple[str, float], ...] = ()


def canonical_move(example: MoveExample, label: str) -> str | None:
    """The canonical text of a legal move in any notation; None if the label is not one."""
    return example.state.read(label)[0]


def judge_move(example: MoveExample, label: str | None) -> bool | None:
    """Whether a label in any notation is a right move; None if the example has no gold.

    The gold moves are right. If one of them wins immediately (a mate in chess), every move that wins
    immediately is right. A label that is not a legal move is wrong.
    """
    if not example.gold:
        return None
    move = None if label is None else canonical_move(example, label)
    if move is None:
        return False
    if move in example.gold:
        return True
    return wins_at_once(example.state, move) and any(
        wins_at_once(example.state, right) for right in example.gold
    )


def grade_move(example: MoveExample, label: str | None) -> float:
    """The share of the full score that the grades give a label; 0 if it has no grade."""
    move = None if label is None else canonical_move(example, label)
    return max((score for graded, score in example.grades if graded == move), default=0.0)


def same_move(example: MoveExample, left: str, right: str) -> bool:
    """Whether two labels are the same legal move."""
    move = canonical_move(example, left)
    return move is not None and move == canonical_move(example, right)


def move_key(example: MoveExample) -> str:
    """The game and the key of the position, however it was reached."""
    return f"{example.state.game} {example.state.key:016x}"


def wins_at_once(state: State, move: str) -> bool:
    """Whether a legal move ends the game with a win for the player who makes it."""
    outcome = state.play(move).outcome(claimed=False)
    return outcome is not None and outcome.winner == state.to_move


def move_schema() -> pa.Schema:
    """The columns of examples in Parquet.

    ``start`` is where the known history begins, ``played`` are the moves from there to ``position``.
    """
    import pyarrow as pa

    moves = pa.list_(pa.string())
    return pa.schema(
        [
            ("id", pa.string()),
            ("game", pa.string()),
            ("position", pa.string()),
            ("start", pa.string()),
            ("played", moves),
            ("solutions", moves),
            ("difficulty", pa.float32()),
            ("group", pa.string()),
        ]
    )


def move_row(example: MoveExample) -> dict[str, Any]:
    """An example in the columns of :func:`move_schema`, with its known history."""
    state = example.state
    return {
        "id": example.id,
        "game": state.game,
        "position": state.position,
        "start": state.start_position,
        "played": state.moves(),
        "solutions": list(example.gold),
        "difficulty": example.difficulty,
        "group": example.group,
    }
