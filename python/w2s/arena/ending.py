"""Why a match ended, as one word in files and on screens.

Knows nothing about who won.
"""

from __future__ import annotations

from enum import StrEnum


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
        """Whether a player lost by an answer that could not be played, or by giving none in time."""
        return self.value.startswith("forfeit: ")

    @property
    def is_adjudicated(self) -> bool:
        """Whether the rules of the match ended it, not those of the game."""
        return self.value.startswith("adjudicated: ")

    @property
    def scored(self) -> bool:
        """Whether the match has a result; a void one is replayed instead."""
        return self is not Ending.VOID
