"""The referee of a match: it rules on each answer and adjudicates games before their own rules end them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from w2s.arena.record import Ending
from w2s.arena.spec import DrawRule, MatchRules, ResignRule
from w2s.games import State
from w2s.games.syzygy import Tablebase
from w2s.models import Answer

_FAILURES = {
    "crash": Ending.FORFEIT_CRASH,
    "stall": Ending.FORFEIT_STALL,
    "time": Ending.FORFEIT_TIME,
    "void": Ending.VOID,
    "reply": Ending.FORFEIT_UNPARSABLE,
}
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Ruling:
    """Exactly one of: a legal ``move``, ``again`` (ask once more), or an ``ending`` with its detail."""

    move: str | None = None
    again: bool = False
    ending: Ending | None = None
    detail: str = ""


def rule_on(state: State, answer: Answer, *, attempt: int, retries: int, left_s: float | None) -> Ruling:
    """The ruling on one answer.

    Args:
        state: the position in question.
        answer: what the player answered.
        attempt: number of earlier answers to this question that were rejected.
        retries: number of rejected answers that the match allows.
        left_s: seconds on the player's clock; None without a clock.
    """
    if answer.failure is not None:
        return Ruling(ending=_FAILURES[answer.failure], detail=answer.raw or answer.failure)
    if left_s is not None and answer.seconds > left_s:
        return Ruling(ending=Ending.FORFEIT_TIME, detail=f"took {answer.seconds:.3f} s of {left_s:.3f} s")
    move, why = state.read(answer.label)
    if move is not None:
        return Ruling(move=move)
    if attempt < retries:
        return Ruling(again=True)
    ending = Ending.FORFEIT_UNPARSABLE if why == "unparsable" else Ending.FORFEIT_ILLEGAL
    return Ruling(ending=ending, detail=f"{_printable(answer.label)} is {why} in {state.position}")


def _printable(text: str) -> str:
    """A text as one short line of printable ASCII."""
    shown = ascii(text[:_SHOWN_CHARACTERS])
    return shown if len(text) <= _SHOWN_CHARACTERS else f"{shown}… ({len(text)} characters)"


# Adjudication -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Adjudication:
    """A match ended by adjudication: ``winner`` is 0 (who started the game), 1 or None for a draw."""

    ending: Ending
    winner: int | None
    detail: str


class Adjudicator:
    """Adjudicates one match: record every move with :meth:`add_move`, then ask for the :meth:`decision`.

    A rule that counts moves counts consecutive moves of each side; a move without a value resets the count.
    Tablebases take precedence over values, and values over the length of the game.
    """

    def __init__(self, rules: MatchRules) -> None:
        """Start a match, before any move."""
        self._rules = rules
        self._level = [0, 0]
        self._lost = [0, 0]
        self._won = [0, 0]

    def add_move(self, side: int, value_cp: int | None) -> None:
        """Record how ``side`` judged its move: hundredths of a unit, positive where it is better."""
        draw, resign = self._rules.draw, self._rules.resign
        if draw is not None:
            _count(self._level, side, value_cp is not None and abs(value_cp) <= draw.limit_cp)
        if resign is not None:
            _count(self._lost, side, value_cp is not None and value_cp <= -resign.limit_cp)
            _count(self._won, side, value_cp is not None and value_cp >= resign.limit_cp)

    def decision(self, state: State) -> Adjudication | None:
        """How the match ends at ``state``; None if it continues.

        Raises:
            MissingExtraError: the rules name a tablebase and python-chess is not installed.
            UsageError: the folder of the tablebase contains no tables.
            DataError: a table is damaged.
        """
        return self._by_tablebase(state) or self._by_values(state) or self._by_length(state)

    def _by_tablebase(self, state: State) -> Adjudication | None:
        folder = self._rules.tablebase
        wdl = None if folder is None else _tablebase(folder).wdl(state)
        if wdl is None or (wdl != 0 and not _is_clock_zero(state)):
            return None
        winner = {1: state.to_move, 0: None, -1: 1 - state.to_move}[wdl]
        return Adjudication(Ending.ADJUDICATED_TABLEBASE, winner, "by the tablebase")

    def _by_values(self, state: State) -> Adjudication | None:
        draw, resign = self._rules.draw, self._rules.resign
        loser = None if resign is None else self._resigning_side(resign)
        if resign is not None and loser is not None:
            detail = f"{resign.moves} moves at {-resign.limit_cp} or worse"
            return Adjudication(Ending.ADJUDICATED_SCORE, 1 - loser, detail)
        if draw is not None and self._is_level(draw, state):
            detail = f"{draw.moves} moves of each side within ±{draw.limit_cp}"
            return Adjudication(Ending.ADJUDICATED_SCORE, None, detail)
        return None

    def _by_length(self, state: State) -> Adjudication | None:
        if state.ply < self._rules.max_plies:
            return None
        return Adjudication(Ending.ADJUDICATED_LENGTH, None, f"{self._rules.max_plies} plies")

    def _resigning_side(self, rule: ResignRule) -> int | None:
        for side in (0, 1):
            agreed = not rule.twosided or self._won[1 - side] >= rule.moves
            if agreed and self._lost[side] >= rule.moves:
                return side
        return None

    def _is_level(self, rule: DrawRule, state: State) -> bool:
        return state.ply >= 2 * rule.after and min(self._level) >= rule.moves


def _count(consecutive: list[int], side: int, holds: bool) -> None:
    consecutive[side] = consecutive[side] + 1 if holds else 0


@lru_cache(maxsize=4)
def _tablebase(folder: str) -> Tablebase:
    """The tables of a folder, opened once for all matches of the process."""
    return Tablebase(folder)


def _is_clock_zero(state: State) -> bool:
    """Whether the last chess move was a capture or a pawn move.

    Only then is a win in the tables certain to come before the fifty-move rule; a draw is always one.
    """
    return state.position.split()[4] == "0"
