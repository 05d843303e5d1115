"""The engine processes of a model: which one plays which match, which ones label, and a limit on failures."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from w2s.errors import ModelError
from w2s.models.uci.engine import Engine

MAX_ENGINE_FAILURES = 10
"""This many failures in a row, with no answer between them, end the work."""


@dataclass(slots=True, eq=False)
class MatchSlot:
    """A slot for one match at a time; its engine keeps its hash for as long as the match lasts.

    Attributes:
        engine: the engine that plays here.
        match: the match that has this slot, None where the slot is free.
        engine_match: the match of the engine's last position. It differs from ``match`` until the first
            position of a new match, and where matches share the slot.
        ply: the ply of the engine's last position.
        last_used: a counter that orders the slots by use.
    """

    engine: Engine
    match: str | None = None
    engine_match: str | None = None
    ply: int = 0
    last_used: int = 0


class EnginePool:
    """Up to ``size`` engines that play and up to ``size`` that label, created when they are first needed.

    They are separate because a labelling engine is cleared before every answer and a playing engine is not.
    """

    def __init__(self, make_player: Callable[[], Engine], make_labeller: Callable[[], Engine], size: int):
        self._make_player, self._make_labeller = make_player, make_labeller
        self._size = size
        self._slots: list[MatchSlot] = []
        self._labellers: list[Engine] = []
        self._uses = 0
        self._failures = 0

    def slot(self, match: str, others: Collection[str]) -> MatchSlot:
        """The slot of a match; a new match takes a free slot, else the least recently used one.

        ``others`` are matches that need their slots now; a match shares a slot only where all are needed.
        """
        self._uses += 1
        slot = self._find(match) or self._free() or self._oldest(others)
        slot.match, slot.last_used = match, self._uses
        return slot

    def first(self) -> Engine:
        """The engine that plays the first match."""
        return (self._free() or self._slots[0]).engine

    def labellers(self, count: int) -> list[Engine]:
        """One labelling engine per label, up to the size of the pool."""
        while len(self._labellers) < min(count, self._size):
            self._labellers.append(self._make_labeller())
        return self._labellers[: min(count, self._size)]

    def release(self, match: str) -> None:
        """Free the slot of a match that is over."""
        for slot in self._slots:
            if slot.match == match:
                slot.match = None
            if slot.engine_match == match:
                slot.engine_match = None

    def count_answer(self) -> None:
        """Count an answer; earlier failures no longer count."""
        self._failures = 0

    def count_failure(self, name: str, why: str) -> None:
        """Count a failure of an engine that was stopped.

        Raises:
            ModelError: there were too many failures in a row.
        """
        self._failures += 1
        if self._failures >= MAX_ENGINE_FAILURES:
            raise ModelError(
                "uci-repeated-failure",
                f"the engine {name!r} failed {self._failures} times in a row (the last time it {why}); run "
                "it in a terminal, or use another engine",
            )

    def close(self) -> None:
        """End all processes; a second call does nothing."""
        for engine in [slot.engine for slot in self._slots] + self._labellers:
            engine.stop(polite=True)

    def _find(self, match: str) -> MatchSlot | None:
        return next((slot for slot in self._slots if slot.match == match), None)

    def _free(self) -> MatchSlot | None:
        for slot in self._slots:
            if slot.match is None:
                return slot
        if len(self._slots) == self._size:
            return None
        self._slots.append(MatchSlot(self._make_player()))
        return self._slots[-1]

    def _oldest(self, others: Collection[str]) -> MatchSlot:
        idle = [slot for slot in self._slots if slot.match not in others]
        return min(idle or self._slots, key=lambda slot: slot.last_used)
