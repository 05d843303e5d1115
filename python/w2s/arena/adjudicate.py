"""Adjudication: the rules of the match that end it before the game's own rules do.

Knows nothing about models; it hears the values that the players saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from w2s.arena.ending import Ending
from w2s.arena.spec import DrawRule, MatchRules, ResignRule
from w2s.games import State
from w2s.games.syzygy import Tablebase


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """A match ended by adjudication: ``winner`` is 0 (who started the game), 1 or None for a draw."""

    ending: Ending
    winner: int | None
    detail: str


class Adjudicator:
    """Adjudicates one match: hear every move with :meth:`feed`, then ask for the :meth:`verdict`.

    A rule that counts moves counts those of each side in a row; a move without a value breaks the row.
    A tablebase goes before values, values before the length.
    """

    def __init__(self, rules: MatchRules) -> None:
        """Start with no value heard."""
        self._rules = rules
        self._level = [0, 0]
        self._lost = [0, 0]
        self._won = [0, 0]

    def feed(self, side: int, value_cp: int | None) -> None:
        """Hear that ``side`` moved and what it saw: hundredths of a unit, positive where it is better."""
        draw, resign = self._rules.draw, self._rules.resign
        if draw is not None:
            _count(self._level, side, value_cp is not None and abs(value_cp) <= draw.limit_cp)
        if resign is not None:
            _count(self._lost, side, value_cp is not None and value_cp <= -resign.limit_cp)
            _count(self._won, side, value_cp is not None and value_cp >= resign.limit_cp)

    def verdict(self, state: State) -> Adjudicated | None:
        """How the match ends at ``state``, or None where it goes on.

        Raises:
            MissingExtraError: tables are to be read and python-chess is not installed.
            UsageError: the folder of tables holds none.
            DataError: a table is damaged.
        """
        return self._by_tablebase(state) or self._by_values(state) or self._by_length(state)

    def _by_tablebase(self, state: State) -> Adjudicated | None:
        folder = self._rules.tablebase
        wdl = None if folder is None else _tables(folder).wdl(state)
        if wdl is None or (wdl != 0 and not _clock_is_zero(state)):
            return None
        winner = {1: state.to_move, 0: None, -1: 1 - state.to_move}[wdl]
        return Adjudicated(Ending.ADJUDICATED_TABLEBASE, winner, "by the tablebase")

    def _by_values(self, state: State) -> Adjudicated | None:
        draw, resign = self._rules.draw, self._rules.resign
        loser = None if resign is None else self._resigning(resign)
        if resign is not None and loser is not None:
            detail = f"{resign.moves} moves at {-resign.limit_cp} or worse"
            return Adjudicated(Ending.ADJUDICATED_SCORE, 1 - loser, detail)
        if draw is not None and self._is_level(draw, state):
            detail = f"{draw.moves} moves of each side within ±{draw.limit_cp}"
            return Adjudicated(Ending.ADJUDICATED_SCORE, None, detail)
        return None

    def _by_length(self, state: State) -> Adjudicated | None:
        if state.ply < self._rules.max_plies:
            return None
        return Adjudicated(Ending.ADJUDICATED_LENGTH, None, f"{self._rules.max_plies} plies")

    def _resigning(self, rule: ResignRule) -> int | None:
        for side in (0, 1):
            agreed = not rule.twosided or self._won[1 - side] >= rule.moves
            if agreed and self._lost[side] >= rule.moves:
                return side
        return None

    def _is_level(self, rule: DrawRule, state: State) -> bool:
        return state.ply >= 2 * rule.after and min(self._level) >= rule.moves


def _count(row: list[int], side: int, goes_on: bool) -> None:
    row[side] = row[side] + 1 if goes_on else 0


@lru_cache(maxsize=4)
def _tables(folder: str) -> Tablebase:
    """The tables of a folder, opened once for all matches of the process."""
    return Tablebase(folder)


def _clock_is_zero(state: State) -> bool:
    """Whether the last chess move was a capture or a pawn's: a table's win is only then sure to come
    before fifty moves have passed. Its draws hold whatever the clock."""
    return state.position.split()[4] == "0"
