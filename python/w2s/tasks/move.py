"""The ``move`` task: the best move in a position.

Knows nothing about models; a position in a match is an example like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from w2s.games import State


@dataclass(frozen=True, slots=True)
class Clock:
    """Time that the player to move has: seconds left of both players and the increment, in seconds."""

    own_s: float
    other_s: float
    increment_s: float


@dataclass(frozen=True, slots=True)
class MoveExample:
    """One position in which a move is asked for.

    ``match`` names the match in which the answer will be played; it is None where the position is only
    labelled, and then a model must answer as if it had never seen another position. ``attempt`` counts
    earlier answers to the same example that were not legal; ``rejected`` holds them. ``only`` confines the
    answer to some of the legal moves, as an oracle does that wants the value of one.

    ``gold`` are the right moves by canonical text, empty where none is known. ``difficulty`` is the source's
    own measure, higher is harder. ``group`` names what must not be split, a game say. ``grades`` gives some
    moves their share of the full score, in [0, 1].
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
