"""The referee: what an answer means in a match — a move, another try, or the end.

Knows nothing about who answered; it sees the state, the answer and the rules of the match.
"""

from __future__ import annotations

from dataclasses import dataclass

from w2s.arena.ending import Ending
from w2s.games import State
from w2s.models import Answer

_FAILURES = {
    "crash": Ending.FORFEIT_CRASH,
    "stall": Ending.FORFEIT_STALL,
    "time": Ending.FORFEIT_TIME,
    "void": Ending.VOID,
    "reply": Ending.FORFEIT_UNPARSABLE,
}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Ruling:
    """Exactly one of: a legal ``move``, ``again`` (ask once more), or an ``ending`` with its detail."""

    move: str | None = None
    again: bool = False
    ending: Ending | None = None
    detail: str = ""


def rule(state: State, answer: Answer, *, attempt: int, retries: int, left_s: float | None) -> Ruling:
    """The ruling on one answer.

    Args:
        state: where the answer was asked for.
        answer: what came back.
        attempt: how many answers to this question were refused before.
        retries: how many may be.
        left_s: seconds that the player had on the clock, None without a clock.
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
    return Ruling(ending=ending, detail=f"{printable(answer.label)} is {why} in {state.position}")


def printable(text: str) -> str:
    """A text as one short line of printable ASCII, whatever it holds."""
    shown = ascii(text[:_SHOWN])
    return shown if len(text) <= _SHOWN else f"{shown}… ({len(text)} characters)"
