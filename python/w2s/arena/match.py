"""A match in progress: it returns the question for the player to move and takes the answer.

It does not know the models that answer.
"""

from __future__ import annotations

import sys

from w2s.arena.labels import Label
from w2s.arena.openings import Opening
from w2s.arena.record import Ending, MatchRecord
from w2s.arena.referee import Adjudicator, rule_on
from w2s.arena.schedule import Pairing
from w2s.arena.spec import MatchRules, TimeControl
from w2s.games import State
from w2s.models import Answer
from w2s.tasks import Clock, MoveExample


class Match:
    """A match in progress.

    Attributes:
        pairing: who plays whom.
        state: the current position.
        labels: answers of the player to move so far.
        ending: why the match is over; None while it continues.
        detail: the ending in words; empty where ``ending`` says it all.
    """

    def __init__(
        self,
        pairing: Pairing,
        opening: Opening,
        state: State,
        *,
        rules: MatchRules,
        control: TimeControl | None,
    ) -> None:
        """Start the match.

        Args:
            pairing: who plays whom.
            opening: the opening.
            state: the position after the opening.
            rules: what ends the match apart from the rules of the game.
            control: the clock; None without one.
        """
        self.pairing = pairing
        self.state = state
        self.labels: list[Label] = []
        self.ending: Ending | None = None
        self.detail = ""
        self._opening = opening
        self._rules = rules
        self._control = control
        self._adjudicator = Adjudicator(rules)
        self._left_s = [control.base_s, control.base_s] if control else None
        self._rejected: tuple[str, ...] = ()
        self._winner: int | None = None
        self._by: str | None = None
        self._values: list[int | None] = []
        self._seconds: list[float | None] = []
        self._check_end()

    @property
    def players(self) -> tuple[str, str]:
        """Names of the player that starts the game and of the other player."""
        return self.pairing.first, self.pairing.second

    @property
    def mover(self) -> str:
        """Name of the player to move."""
        return self.players[self.state.to_move]

    def example(self) -> MoveExample:
        """The question for the player to move."""
        return MoveExample(
            id=f"{self.pairing.number}:{self.state.ply}:{len(self._rejected)}",
            state=self.state,
            match=str(self.pairing.number),
            clock=self._clock(),
            attempt=len(self._rejected),
            rejected=self._rejected,
        )

    def take(self, answer: Answer) -> None:
        """Play the answer, ask again, or end the match, as the referee rules."""
        side = self.state.to_move
        left = None if self._left_s is None else self._left_s[side]
        ruling = rule_on(
            self.state, answer, attempt=len(self._rejected), retries=self._rules.retries, left_s=left
        )
        self._spend(side, answer.seconds)
        if ruling.again:
            self._rejected += (answer.label,)
            return
        if ruling.ending is not Ending.VOID:
            self.labels.append(
                Label.from_answer(
                    self.state,
                    self.mover,
                    answer,
                    played=ruling.move is not None,
                    rejected=self._rejected,
                )
            )
        self._rejected = ()
        if ruling.move is None:
            self._forfeit(side, ruling.ending or Ending.VOID, ruling.detail)
            return
        self._values.append(answer.value_cp)
        self._seconds.append(None if self._control is None else answer.seconds)
        self._add_increment(side)
        self.state = self.state.play(ruling.move)
        self._adjudicator.add_move(side, answer.value_cp)
        self._check_end()

    def record(self) -> MatchRecord:
        """The record of the finished match."""
        if self.ending is None:
            raise ValueError(f"match {self.pairing.number} is not over")
        opening_plies = len(self._opening.moves)
        return MatchRecord(
            number=self.pairing.number,
            pair=self.pairing.pair,
            opening=self._opening.name,
            game=self.state.game,
            start=self.state.start_position,
            moves=tuple(map(sys.intern, self.state.moves())),  # few distinct moves in many matches
            opening_plies=opening_plies,
            first=self.pairing.first,
            second=self.pairing.second,
            winner=self._winner,
            ending=self.ending,
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

    def _check_end(self) -> None:
        outcome = self.state.outcome()
        if outcome is not None:
            self.ending, self._winner = Ending(outcome.reason), outcome.winner
            return
        adjudication = self._adjudicator.decision(self.state)
        if adjudication is not None:
            self.ending, self._winner = adjudication.ending, adjudication.winner
            self.detail = adjudication.detail

    def _forfeit(self, side: int, ending: Ending, detail: str) -> None:
        self.ending = ending
        self._winner = None if ending is Ending.VOID else 1 - side
        self._by = self.players[side]
        self.detail = detail
