"""Engine processes side by side: which one plays which match, which ones label, who is started again.

Knows nothing about examples or what an engine is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from w2s.errors import ModelError
from w2s.models.uci.engine import Engine

RESTARTS_PER_MATCH = 3
RESTARTS_PER_RUN = 10


@dataclass(slots=True, eq=False)
class Seat:
    """A place for one match at a time: its engine keeps its hash for as long as the match lasts.

    ``ply`` is where the match stood when the engine was last asked.
    """

    engine: Engine
    match: str | None = None
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
        self._restarts: Counter[str | None] = Counter()

    def seat(self, match: str, others: Collection[str]) -> Seat:
        """The seat of a match; a new match takes the one unused for longest.

        ``others`` are matches whose seats are needed now; only where all are does a match share.
        """
        self._uses += 1
        seat = self._find(match) or self._free() or self._oldest(others)
        seat.last_used = self._uses
        return seat

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

    def count_restart(self, name: str, match: str | None, why: str) -> None:
        """One more start of an engine that had failed.

        Raises:
            ModelError: that was once too often, for this match or for the run.
        """
        self._restarts[match] += 1
        if match is not None and self._restarts[match] > RESTARTS_PER_MATCH:
            raise ModelError(
                f"the engine {name!r} failed {RESTARTS_PER_MATCH + 1} times in match {match}: it {why}; "
                "try it by hand on that game, or use another engine"
            )
        if self._restarts.total() > RESTARTS_PER_RUN:
            raise ModelError(
                f"the engine {name!r} failed {RESTARTS_PER_RUN + 1} times in this run: it {why}; "
                "give it more time, or use another engine"
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
