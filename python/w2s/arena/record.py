"""A finished match: why it ended, and everything about it that is saved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from w2s.errors import DataError
from w2s.games import State, game


class Ending(StrEnum):
    """Every ending of a match: by the rules of its game, adjudicated, forfeited, or void.

    The endings by the rules have the words of :attr:`w2s.games.Outcome.reason`.

    Example:
        >>> Ending("mate").scored, Ending.FORFEIT_TIME.is_forfeit, Ending.VOID.scored
        (True, True, False)
    """

    MATE = "mate"
    STALEMATE = "stalemate"
    REPETITION = "repetition"
    FIFTY_MOVES = "fifty-move"
    INSUFFICIENT_MATERIAL = "insufficient material"
    LINE = "line"
    BOARD_FULL = "board full"
    NO_MOVES = "no moves"
    ADJUDICATED_SCORE = "adjudicated: score"
    ADJUDICATED_TABLEBASE = "adjudicated: tablebase"
    ADJUDICATED_LENGTH = "adjudicated: length"
    FORFEIT_ILLEGAL = "forfeit: illegal"
    FORFEIT_UNPARSABLE = "forfeit: unparsable"
    FORFEIT_TIME = "forfeit: time"
    FORFEIT_CRASH = "forfeit: crash"
    FORFEIT_STALL = "forfeit: stall"
    VOID = "void"

    @property
    def is_forfeit(self) -> bool:
        """Whether a player lost because its answer was unplayable or late."""
        return self.value.startswith("forfeit: ")

    @property
    def is_adjudicated(self) -> bool:
        """Whether the rules of the match ended it, not those of the game."""
        return self.value.startswith("adjudicated: ")

    @property
    def scored(self) -> bool:
        """Whether the match has a result; a void match is replayed instead."""
        return self is not Ending.VOID


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """A finished match, without the labels of its positions.

    Attributes:
        number: index of the match in the schedule, from 0.
        pair: number of the two matches that share an opening.
        opening: name of the opening.
        game: name of the game.
        start: the position before the first move, as text.
        moves: moves in canonical notation, including those of the opening.
        opening_plies: number of moves that belong to the opening.
        first: the player that starts the game: White in chess.
        second: the other player.
        winner: 0 if ``first`` won, 1 if ``second`` won, None for a draw.
        ending: why the match ended.
        detail: the ending in words; empty where ``ending`` says it all.
        by: the player that forfeited; None for other endings.
        values_cp: for each move, how its player judged the position, in hundredths of a unit, positive where
            the player is better; None where unknown.
        seconds: for each move, the time it took; None in openings and without a clock.
        time_control: the clock as ``60+0.6``; None without a clock.
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
        """``1-0``, ``0-1`` or ``1/2-1/2``, as PGN writes it for the player that started."""
        return {0: "1-0", 1: "0-1", None: "1/2-1/2"}[self.winner]

    @property
    def played_plies(self) -> int:
        """Number of moves that the players made, without the opening."""
        return len(self.moves) - self.opening_plies

    def states(self) -> Iterator[State]:
        """The states that the players reached, from the end of the opening to the final one."""
        state = game(self.game).state(self.start, list(self.moves[: self.opening_plies]))
        yield state
        for move in self.moves[self.opening_plies :]:
            state = state.play(move)
            yield state

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        sequences = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return {**values, **sequences, "ending": self.ending.value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MatchRecord:
        """The inverse of :meth:`to_json`.

        Raises:
            DataError: a field is missing, unknown or invalid.
        """
        try:
            return cls(
                **{
                    **values,
                    "moves": tuple(map(sys.intern, values["moves"])),  # few distinct moves in many matches
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
