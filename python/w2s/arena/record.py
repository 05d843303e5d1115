"""A finished match as a record: everything about it that is kept.

Knows nothing about files; the labels of its positions are kept beside it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import Any

from w2s.arena.ending import Ending
from w2s.errors import DataError


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """A finished match.

    Args:
        number: from 0, the match's place in the schedule.
        pair: number of the two matches that share an opening.
        opening: the opening's name.
        game: name of the game.
        start: the position where the line of play begins, as text.
        moves: canonical texts, the opening's moves included.
        opening_plies: how many of the moves are the opening's.
        first: the player that starts the game: White in chess.
        second: the other player.
        winner: 0 where ``first`` won, 1 where ``second`` did, None in a draw.
        ending: why the match ended.
        detail: the same in words, for people; empty where ``ending`` says it all.
        by: the player that forfeited, None otherwise.
        values_cp: for each move what its player saw, in hundredths of a unit, positive where the player
            is better; None where unknown.
        seconds: for each move the time it took; None in openings and without a clock.
        time_control: the clock as ``60+0.6``, None without one.
    """

    number: int
    pair: int
    opening: str
    game: str
    start: str
    moves: tuple[str, ...]
    opening_plies: int
    first: str
    second: str
    winner: int | None
    ending: Ending
    detail: str
    by: str | None
    values_cp: tuple[int | None, ...]
    seconds: tuple[float | None, ...]
    time_control: str | None = None

    @property
    def result(self) -> str:
        """``1-0``, ``0-1`` or ``1/2-1/2``, seen from the player that started."""
        return {0: "1-0", 1: "0-1", None: "1/2-1/2"}[self.winner]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        sequences = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return {**values, **sequences, "ending": self.ending.value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MatchRecord:
        """The inverse of :meth:`to_json`; equal in every field.

        Raises:
            DataError: a field is missing or unknown, or names no ending.
        """
        try:
            return cls(
                **{
                    **values,
                    "moves": tuple(map(sys.intern, values["moves"])),  # few texts, many matches
                    "ending": Ending(values["ending"]),
                    "values_cp": tuple(values["values_cp"]),
                    "seconds": tuple(values["seconds"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            number = values.get("number", "?")
            raise DataError(
                "arena-record-unreadable",
                f"the record of match {number} was not written by this version: {error}",
            ) from None
