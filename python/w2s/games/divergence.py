"""The first difference between two records of a game."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from w2s.games.state import State, game

Why = Literal["start", "move", "length", "unreadable"]
"""Different start positions, different moves, one record is longer, or a move is not legal there."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference between two records.

    Attributes:
        ply: number of moves that both have in common.
        why: the kind of difference.
        left: the move of the left record, canonical if it is legal; None if the record has ended; the start
            position if the starts differ.
        right: the same for the right record.
        meets: plies, left and right, at which the games next reach the same position, clocks ignored; None
            if they never do.
    """

    ply: int
    why: Why
    left: str | None
    right: str | None
    meets: tuple[int, int] | None = None

    def __str__(self) -> str:
        """The difference in one line."""
        again = f"; they meet again at plies {self.meets[0]} and {self.meets[1]}" if self.meets else ""
        if self.why == "start":
            return f"they start from different positions{again}"
        left, right = (self._shown(text) for text in (self.left, self.right))
        return f"ply {self.ply + 1}: {left} against {right}{again}"

    @staticmethod
    def _shown(text: str | None) -> str:
        return "the end" if text is None else text if text.isascii() and len(text) < 12 else ascii(text[:40])


def diverge(
    name: str,
    left: Sequence[str],
    right: Sequence[str],
    *,
    left_start: str = "startpos",
    right_start: str = "startpos",
) -> Divergence | None:
    """The first ply at which two records of a game differ; None if they are the same game.

    Args:
        name: name of the game.
        left: moves of the first record, in any notation.
        right: moves of the second record.
        left_start: start position of the first record.
        right_start: start position of the second record.

    Raises:
        UsageError: there is no such game.
        DataError: a start position cannot be read.

    Example:
        >>> from w2s.games.divergence import diverge
        >>> found = diverge("chess", ["d4", "d5", "c4"], ["d2d4", "Nf6", "c4", "d5"])
        >>> (found.ply, found.why, found.left, found.right)
        (1, 'move', 'd7d5', 'g8f6')
        >>> diverge("chess", ["Nf3"], ["g1f3"]) is None
        True
    """
    rules = game(name)
    state, other = rules.state(left_start), rules.state(right_start)
    if state.position != other.position:
        meets = _meeting(list(_line(state, left)), list(_line(other, right)))
        return Divergence(0, "start", state.position, other.position, meets)
    for ply, (ours, theirs) in enumerate(zip_longest(left, right)):
        move, against = _read(state, ours), _read(state, theirs)
        if move is None or move != against:
            meets = _meeting(list(_line(state, left[ply:])), list(_line(state, right[ply:])))
            return Divergence(
                ply, _why((ours, move), (theirs, against)), move or ours, against or theirs, meets
            )
        state = state.play(move)
    return None


def _read(state: State, text: str | None) -> str | None:
    return None if text is None else state.read(text)[0]


def _why(*sides: tuple[str | None, str | None]) -> Why:
    if any(text is not None and move is None for text, move in sides):
        return "unreadable"
    return "length" if any(text is None for text, _ in sides) else "move"


def _line(state: State, moves: Sequence[str]) -> Iterator[State]:
    """The states of a record from ``state`` on, as far as its moves are legal."""
    yield state
    for text in moves:
        move = _read(state, text)
        if move is None:
            return
        state = state.play(move)
        yield state


def _meeting(left: Sequence[State], right: Sequence[State]) -> tuple[int, int] | None:
    """The first plies, after the start of the lines, at which both have the same key."""
    common = left[0].key == right[0].key and left[0].position == right[0].position
    skip = 1 if common else 0
    first: dict[int, int] = {}
    for state in right[skip:]:
        first.setdefault(state.key, state.ply)
    return next(((state.ply, first[state.key]) for state in left[skip:] if state.key in first), None)
