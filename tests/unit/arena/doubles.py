"""Doubles and small builders for the tests of the arena: models that say what a test scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from w2s.arena.match import Match
from w2s.arena.openings import Opening
from w2s.arena.record import Ending, MatchRecord
from w2s.arena.schedule import Pairing
from w2s.arena.spec import MatchRules, TimeControl
from w2s.games import game
from w2s.models import Answer, Want
from w2s.tasks import MoveExample

START = Opening("start", "startpos")
FOOLS_MATE = ("f2f3", "e7e5", "g2g4", "d8h4")


class ScriptedPlayer:
    """A model that answers as a function tells it, and remembers what it was asked."""

    reference = "scripted"
    deterministic = True

    def __init__(self, script: Callable[[MoveExample], Answer | str], slots: int | None = None) -> None:
        self.slots = slots
        self.batches: list[list[str]] = []
        self.wanted: list[Want] = []
        self.released: list[str] = []
        self._script = script

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        self.batches.append([example.id for example in examples])
        self.wanted.append(want)
        said = [self._script(example) for example in examples]
        return [Answer(text) if isinstance(text, str) else text for text in said]

    def release(self, match: str) -> None:
        self.released.append(match)

    def close(self) -> None:
        pass


def first_legal(example: MoveExample) -> str:
    return example.state.legal_moves()[0]


def by_ply(*moves: str) -> Callable[[MoveExample], str]:
    """Both players follow one line of play."""
    return lambda example: moves[example.state.ply]


def match(
    rules: MatchRules | None = None,
    *,
    number: int = 0,
    opening: Opening = START,
    tc: str | None = None,
    name: str = "chess",
) -> Match:
    rules = rules or MatchRules()
    return Match(
        Pairing(number, number // 2, 0, "ann", "bob"),
        opening,
        opening.state(name),
        rules=rules,
        control=None if tc is None else TimeControl.parse(tc),
    )


def record(**changes: object) -> MatchRecord:
    """A finished match: fool's mate, or with changed fields."""
    plain = MatchRecord(
        number=5,
        pair=2,
        opening="start",
        game="chess",
        start=game("chess").state().position,
        moves=FOOLS_MATE,
        opening_plies=0,
        first="ann",
        second="bob",
        winner=1,
        ending=Ending.MATE,
        detail="",
        by=None,
        values_cp=(None,) * 4,
        seconds=(None,) * 4,
    )
    changed = replace(plain, **changes)  # type: ignore[arg-type]
    plies = len(changed.moves)
    padded = {name: (*getattr(changed, name), *(None,) * plies)[:plies] for name in ("values_cp", "seconds")}
    return replace(changed, **padded)  # type: ignore[arg-type]
