"""One match on its way: whose turn it is, what is asked, and how it ends.

Knows nothing about models: it hands out examples and takes answers.
"""

from __future__ import annotations

import sys

from w2s.arena.adjudicate import Adjudicator
from w2s.arena.ending import Ending
from w2s.arena.label import Label, label_of
from w2s.arena.openings import Opening
from w2s.arena.record import MatchRecord
from w2s.arena.referee import rule
from w2s.arena.schedule import Pairing
from w2s.arena.spec import MatchRules, TimeControl
from w2s.games import Outcome, State
from w2s.models import Answer
from w2s.tasks import Clock, MoveExample


class Match:
    """A match in progress; ``ended`` and ``detail`` say why it is over."""

    def __init__(
        self,
        pairing: Pairing,
        opening: Opening,
        state: State,
        *,
        rules: MatchRules,
        control: TimeControl | None,
        adjudicator: Adjudicator,
    ) -> None:
        """Start from ``state``, which the opening leads to."""
        self.pairing = pairing
        self.state = state
        self.labels: list[Label] = []
        self.ended: Ending | None = None
        self.detail = ""
        self._opening = opening
        self._rules = rules
        self._control = control
        self._adjudicator = adjudicator
        self._left_s = [control.base_s, control.base_s] if control else None
        self._refused: tuple[str, ...] = ()
        self._winner: int | None = None
        self._by: str | None = None
        self._values: list[int | None] = []
        self._seconds: list[float | None] = []
        self._look_for_end()

    @property
    def players(self) -> tuple[str, str]:
        """Names of the player that starts the game and of the other."""
        return self.pairing.first, self.pairing.second

    @property
    def mover(self) -> str:
        """Name of the player to move."""
        return self.players[self.state.to_move]

    def example(self) -> MoveExample:
        """The question to the player to move."""
        return MoveExample(
            id=f"{self.pairing.number}:{self.state.ply}:{len(self._refused)}",
            state=self.state,
            match=str(self.pairing.number),
            clock=self._clock(),
            attempt=len(self._refused),
            rejected=self._refused,
        )

    def take(self, answer: Answer) -> None:
        """Play the answer, ask again, or end the match, as the rules have it."""
        side = self.state.to_move
        left = None if self._left_s is None else self._left_s[side]
        ruling = rule(
            self.state, answer, attempt=len(self._refused), retries=self._rules.retries, left_s=left
        )
        self._spend(side, answer.seconds)
        if ruling.again:
            self._refused += (answer.label,)
            return
        if ruling.ending is not Ending.VOID:
            self.labels.append(
                label_of(
                    self.state,
                    self.mover,
                    answer,
                    played=ruling.move is not None,
                    rejected=self._refused,
                )
            )
        self._refused = ()
        if ruling.move is None:
            self._forfeit(side, ruling.ending or Ending.VOID, ruling.detail)
            return
        self._values.append(answer.value_cp)
        self._seconds.append(None if self._control is None else answer.seconds)
        self._add_increment(side)
        self.state = self.state.play(ruling.move)
        self._adjudicator.feed(side, answer.value_cp)
        self._look_for_end()

    def record(self) -> MatchRecord:
        """The finished match as a record."""
        if self.ended is None:
            raise ValueError(f"match {self.pairing.number} is not over")
        opening_plies = len(self._opening.moves)
        return MatchRecord(
            number=self.pairing.number,
            pair=self.pairing.pair,
            opening=self._opening.name,
            game=self.state.game,
            start=self.state.start_position,
            moves=tuple(map(sys.intern, self.state.moves())),  # few texts, many matches
            opening_plies=opening_plies,
            first=self.pairing.first,
            second=self.pairing.second,
            winner=self._winner,
            ending=self.ended,
            detail=self.detail,
            by=self._by,
            values_cp=tuple([None] * opening_plies + self._values),
            seconds=tuple([None] * opening_plies + self._seconds),
            time_control=None if self._control is None else self._control.text,
        )

    def _clock(self) -> Clock | None:
        if self._left_s is None or self._control is None:
            return None
        side = self.state.to_move
        return Clock(self._left_s[side], self._left_s[1 - side], self._control.increment_s)

    def _spend(self, side: int, seconds: float) -> None:
        if self._left_s is not None:
            self._left_s[side] -= seconds

    def _add_increment(self, side: int) -> None:
        if self._left_s is not None and self._control is not None:
            self._left_s[side] += self._control.increment_s

    def _look_for_end(self) -> None:
        outcome = self.state.outcome()
        if outcome is not None:
            self._end(Ending(outcome.reason), outcome)
            return
        adjudicated = self._adjudicator.verdict(self.state)
        if adjudicated is not None:
            self._end(adjudicated.ending, Outcome(adjudicated.winner, adjudicated.detail))
            self.detail = adjudicated.detail

    def _end(self, ending: Ending, outcome: Outcome) -> None:
        self.ended = ending
        self._winner = outcome.winner

    def _forfeit(self, side: int, ending: Ending, detail: str) -> None:
        self.ended = ending
        self._winner = None if ending is Ending.VOID else 1 - side
        self._by = self.players[side]
        self.detail = detail
