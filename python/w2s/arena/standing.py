"""Where an arena stands: results from records, the sequential test, and the summary of a run.

Knows nothing about how matches are played or stored.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from w2s.arena.ending import Ending
from w2s.arena.ratings import (
    GameResult,
    MatchRating,
    SprtSpec,
    field_report,
    match_report,
    rate,
    tally,
)
from w2s.arena.record import MatchRecord
from w2s.arena.spec import ArenaSpec
from w2s.errors import DataError

_SCORES = {0: 1.0, None: 0.5, 1: 0.0}


def result_of(record: MatchRecord) -> GameResult:
    """The result of a scored match."""
    return GameResult(
        record.first, record.second, record.pair, _SCORES[record.winner], forfeit=record.ending.is_forfeit
    )


def sides(spec: ArenaSpec) -> tuple[str, str]:
    """The player whose rating is shown, and the other: the student, or the second player named."""
    names = tuple(spec.players)
    shown = "student" if "student" in names else names[1]
    other = next(name for name in names if name != shown)
    return shown, other


def live_rating(records: Iterable[MatchRecord], spec: ArenaSpec) -> MatchRating:
    """The rating of the shown player against the other, forfeits counted."""
    shown, other = sides(spec)
    return rate(tally(map(result_of, records), shown, other))


def summary(records: Sequence[MatchRecord], spec: ArenaSpec, voids: int) -> dict[str, Any]:
    """Ratings with forfeits counted and without, endings, lengths and void games, ready for JSON."""
    results = [result_of(record) for record in records]
    shown, other = sides(spec)
    endings = Counter(record.ending for record in records)
    return {
        "game": spec.game,
        "players": dict(spec.players),
        "games": len(records),
        "plies": sum(len(record.moves) - record.opening_plies for record in records),
        "voids": voids,
        "endings": {ending.value: endings[ending] for ending in Ending if endings[ending]},
        "ratings": _ratings(results, spec, shown, other),
    }


def _ratings(results: list[GameResult], spec: ArenaSpec, shown: str, other: str) -> dict[str, Any]:
    if len(spec.players) > 2:
        return field_report(results)
    test = None if spec.sprt is None else SprtSpec(**spec.sprt.model_dump())
    return match_report(results, shown, other, test)


def read(path: Path) -> dict[str, Any]:
    """The summary that a finished run wrote.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "arena-ratings-unreadable", f"cannot read {path}: {error}; delete it and resume the run"
        ) from None
    return found
