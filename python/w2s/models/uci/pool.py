"""Engine processes side by side: which one plays which match, which ones label, when they failed too often.

Knows nothing about examples or what an engine is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from w2s.errors import ModelError
from w2s.models.uci.engine import Engine

FAILURES_IN_A_ROW = 10
"""So many answers that were none, with no proper one between them, end the work."""


@dataclass(slots=True, eq=False)
class Seat:
    """A place for one match at a time: its engine keeps its hash for as long as the match lasts.

    ``match`` sits here; ``told`` is the match that the engine was told of, which is another one until the
    first question, or where matches share; ``ply`` is where that stood when the engine was last asked.
    """

    engine: Engine
    match: str | None = None
    told: str | None = None
    ply: int = 0
    last_used: int = 0


class Pool:
    """Up to ``size`` engines that play and up to ``size`` that label, made when they are first needed.

    They are apart because a labelling engine forgets everything before every answer, and one that plays
    must not.
    """

    def __init__(self, make_player: Callable[[], Engine], make_labeller: Callable[[], Engine], size: int):
        self._make_player, self._make_labeller = make_player, make_labeller
        self._size = size
        self._seats: list[Seat] = []
        self._labellers: list[Engine] = []
        self._uses = 0
        self._failures = 0

    def seat(self, match: str, others: Collection[str]) -> Seat:
        """The seat of a match; a new match takes the one unused for longest.

        ``others`` are matches whose seats are needed now; only where all are does a match share.
        """
        self._uses += 1
        seat = self._find(match) or self._free() or self._oldest(others)
        seat.match, seat.last_used = match, self._uses
        return seat

    def first(self) -> Engine:
        """The engine that plays the first match."""
        return (self._free() or self._seats[0]).engine

    def labellers(self, count: int) -> list[Engine]:
        """As many labelling engines as there are labels to give, up to the size of the pool."""
        while len(self._labellers) < min(count, self._size):
            self._labellers.append(self._make_labeller())
        return self._labellers[: min(count, self._size)]

    def release(self, match: str) -> None:
        """The match is over: its seat is the next to be taken."""
        for seat in self._seats:
            if seat.match == match:
                seat.match = None
            if seat.told == match:
                seat.told = None

    def count_answer(self) -> None:
        """An engine answered: failures before it no longer count."""
        self._failures = 0

    def count_failure(self, name: str, why: str) -> None:
        """An engine failed and was stopped.

        Raises:
            ModelError: that was once too often in a row.
        """
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            raise ModelError(
                "uci-repeated-failure",
                f"the engine {name!r} failed {self._failures} times in a row (the last time it {why}); run "
                "it by hand, or use another engine",
            )

    def close(self) -> None:
        """End all processes; a second call does nothing."""
        for engine in [seat.engine for seat in self._seats] + self._labellers:
            engine.stop(polite=True)

    def _find(self, match: str) -> Seat | None:
        return next((seat for seat in self._seats if seat.match == match), None)

    def _free(self) -> Seat | None:
        for seat in self._seats:
            if seat.match is None:
                return seat
        if len(self._seats) == self._size:
            return None
        self._seats.append(Seat(self._make_player()))
        return self._seats[-1]

    def _oldest(self, others: Collection[str]) -> Seat:
        idle = [seat for seat in self._seats if seat.match not in others]
        return min(idle or self._seats, key=lambda seat: seat.last_used)
