"""Where two records of a game part, and why.

Knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from w2s.games.state import State, game

Why = Literal["start", "move", "length", "unreadable"]
"""Another start position; another move; one record is longer; a move that is no legal move there."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference of two records.

    ``ply`` is the number of moves that both have in common. ``left`` and ``right`` are what the records say
    there, canonical where it is a legal move and as it stands where it is not; None where a record has
    ended; for another ``start`` the positions. ``meets`` are the plies, left and right, at which the games
    first come to equal states again, clocks left out; None where they never do.
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
        left, right = (self._said(text) for text in (self.left, self.right))
        return f"ply {self.ply + 1}: {left} against {right}{again}"

    @staticmethod
    def _said(text: str | None) -> str:
        return "the end" if text is None else text if text.isascii() and len(text) < 12 else ascii(text[:40])


def diverge(
    name: str,
    left: Sequence[str],
    right: Sequence[str],
    *,
    left_start: str = "startpos",
    right_start: str = "startpos",
) -> Divergence | None:
    """The first ply at which two records of a game differ, or None where they are one game.

    Args:
        name: of the game.
        left: moves of the first record, in any notation.
        right: moves of the second.
        left_start: position where the first begins.
        right_start: position where the second begins.

    Raises:
        UsageError: no game has that name.
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
    """The states of a record from here, as far as it can be read; the first is ``state`` itself."""
    yield state
    for text in moves:
        move = _read(state, text)
        if move is None:
            return
        state = state.play(move)
        yield state


def _meeting(left: Sequence[State], right: Sequence[State]) -> tuple[int, int] | None:
    """The first plies after those of the first states at which the lines are at one key."""
    common = left[0].key == right[0].key and left[0].position == right[0].position
    skip = 1 if common else 0
    first: dict[int, int] = {}
    for state in right[skip:]:
        first.setdefault(state.key, state.ply)
    return next(((state.ply, first[state.key]) for state in left[skip:] if state.key in first), None)
