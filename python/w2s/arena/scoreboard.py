"""The scoreboard of an arena: results of matches, the sequential test, and the summary of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import add
from typing import Any

from w2s.arena.ratings import (
    GameResult,
    MatchRating,
    Pentanomial,
    SprtSpec,
    field_report,
    match_report,
    rate_match,
    tally,
)
from w2s.arena.record import Ending, MatchRecord
from w2s.arena.spec import ArenaSpec

_SCORES = {0: 1.0, None: 0.5, 1: 0.0}


def game_result(record: MatchRecord) -> GameResult:
    """The result of a scored match."""
    return GameResult(
        record.first, record.second, record.pair, _SCORES[record.winner], forfeit=record.ending.is_forfeit
    )


def compared_players(spec: ArenaSpec) -> tuple[str, str]:
    """The rated player and its opponent: the student, or the second player named, and the first other one."""
    names = tuple(spec.players)
    rated = "student" if "student" in names else names[1]
    return rated, next(name for name in names if name != rated)


def live_rating(records: Iterable[MatchRecord], spec: ArenaSpec) -> MatchRating:
    """The rating of the rated player against its opponent, including forfeits."""
    rated, opponent = compared_players(spec)
    return rate_match(tally(map(game_result, records), rated, opponent))


def summarize(records: Sequence[MatchRecord], spec: ArenaSpec, voids: int) -> dict[str, Any]:
    """Ratings with and without forfeits, endings, lengths and void matches, as JSON values.

    Args:
        records: the matches that count.
        spec: the configuration of the arena.
        voids: number of void matches.
    """
    endings = Counter(record.ending for record in records)
    return {
        "game": spec.game,
        "players": dict(spec.players),
        "games": len(records),
        "plies": sum(record.played_plies for record in records),
        "voids": voids,
        "endings": {ending.value: endings[ending] for ending in Ending if endings[ending]},
        "ratings": _ratings([game_result(record) for record in records], spec),
    }


def _ratings(results: list[GameResult], spec: ArenaSpec) -> dict[str, Any]:
    if len(spec.players) > 2:
        return field_report(results)
    return match_report(results, *compared_players(spec), _sprt(spec))


def _sprt(spec: ArenaSpec) -> SprtSpec | None:
    return None if spec.sprt is None else SprtSpec(**spec.sprt.model_dump())


class SequentialTest:
    """The sequential test that stops an arena at the pair of matches that decides it.

    Pairs are added to the test in the order of their numbers, and only when all earlier pairs are complete.
    The decision therefore does not depend on the order in which matches end.

    Attributes:
        decided_by: number of the pair that decided; None so far, or without a test.
    """

    def __init__(self, spec: ArenaSpec) -> None:
        """Start without matches."""
        self.decided_by: int | None = None
        self._test = _sprt(spec)
        self._rated, self._opponent = compared_players(spec)
        self._waiting: dict[int, MatchRecord] = {}
        self._pair = 0
        self._counts = Pentanomial()

    def add(self, record: MatchRecord) -> None:
        """Add a finished match."""
        if self._test is None:
            return
        self._waiting[record.number] = record
        while self.decided_by is None and self._next_is_complete():
            self._test_next(self._test)

    def includes(self, record: MatchRecord) -> bool:
        """Whether a match counts: all matches do, except those of pairs after the decision."""
        return self.decided_by is None or record.pair <= self.decided_by

    def _next_is_complete(self) -> bool:
        return {2 * self._pair, 2 * self._pair + 1} <= self._waiting.keys()

    def _test_next(self, test: SprtSpec) -> None:
        both = [self._waiting.pop(2 * self._pair + turn) for turn in (0, 1)]
        self._counts = _sum(self._counts, tally(map(game_result, both), self._rated, self._opponent))
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
