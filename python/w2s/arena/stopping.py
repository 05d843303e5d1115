"""When a sequential test stops an arena: at the pair of matches that decides it.

Knows nothing about how matches are played; it hears of finished ones in any order.
"""

from __future__ import annotations

from operator import add

from w2s.arena.ratings import Pentanomial, SprtSpec, tally
from w2s.arena.record import MatchRecord
from w2s.arena.spec import ArenaSpec
from w2s.arena.standing import result_of, sides


class Stopping:
    """The sequential test of an arena, if it has one.

    Pairs are looked at in the order of their numbers and only where every earlier one is complete, so the
    answer does not depend on which match happened to end first.
    """

    def __init__(self, spec: ArenaSpec) -> None:
        """Start without matches."""
        self.decided_by: int | None = None
        """Number of the pair that decided; None so far."""
        self._test = None if spec.sprt is None else SprtSpec(**spec.sprt.model_dump())
        self._shown, self._other = sides(spec)
        self._waiting: dict[int, MatchRecord] = {}
        self._pair = 0
        self._counts = Pentanomial()

    def hear(self, record: MatchRecord) -> None:
        """Hear of a finished match."""
        if self._test is None:
            return
        self._waiting[record.number] = record
        while self.decided_by is None and self._next_is_complete():
            self._look_at_next(self._test)

    def counts(self, record: MatchRecord) -> bool:
        """Whether a match belongs to the result: all do, until a pair before theirs has decided."""
        return self.decided_by is None or record.pair <= self.decided_by

    def _next_is_complete(self) -> bool:
        return {2 * self._pair, 2 * self._pair + 1} <= self._waiting.keys()

    def _look_at_next(self, test: SprtSpec) -> None:
        both = [self._waiting.pop(2 * self._pair + turn) for turn in (0, 1)]
        self._counts = _sum(self._counts, tally(map(result_of, both), self._shown, self._other))
        if test.state(self._counts).verdict != "continue":
            self.decided_by = self._pair
        self._pair += 1


def _sum(one: Pentanomial, two: Pentanomial) -> Pentanomial:
    lost, down, level, up, won = map(add, one.pairs, two.pairs)
    loss, draw, win = map(add, one.singles, two.singles)
    return Pentanomial(
        (lost, down, level, up, won),
        (loss, draw, win),
        one.wins + two.wins,
        one.draws + two.draws,
        one.losses + two.losses,
    )
