"""Rating rows: JSON without NaN, forfeits counted and not."""

from __future__ import annotations

import json

import pytest

from w2s.arena.ratings import GameResult, SprtSpec, field_report, match_report


def games(scores: list[tuple[float, float]], forfeits: tuple[int, ...] = ()) -> list[GameResult]:
    rows = []
    for number, (as_first, as_second) in enumerate(scores):
        rows.append(GameResult("a", "b", number, as_first, forfeit=number in forfeits))
        rows.append(GameResult("b", "a", number, 1 - as_second))
    return rows


@pytest.mark.parametrize(
    "scores",
    [[], [(1, 0)] * 9, [(1, 1)], [(0, 0)] * 9, [(1, 0.5)] * 9, [(1, 1), (0, 0.5), (0.5, 0.5), (1, 0)]],
)
def test_reports_are_valid_json(scores: list[tuple[float, float]]) -> None:
    rows = games(scores)
    for report in (match_report(rows, "a", "b", SprtSpec(0, 10)), field_report(rows)):
        assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_match_report_counts_with_and_without_forfeits() -> None:
    report = match_report(games([(1, 1), (1, 0.5), (0.5, 0.5)], forfeits=(0, 1)), "a", "b")
    assert report["with_forfeits"]["pairs"] == [0, 0, 1, 1, 1]
    assert report["without_forfeits"]["pairs"] == [0, 0, 1, 0, 0]
    assert report["without_forfeits"]["unpaired"] == [0, 1, 1]
    assert (report["with_forfeits"]["wins"], report["without_forfeits"]["wins"]) == (3, 1)


def test_field_report_omits_players_with_forfeits_only() -> None:
    rows = [*games([(1, 0.5), (0, 0.5)]), GameResult("c", "a", 9, 0.0, forfeit=True)]
    report = field_report(rows, anchor="c")
    assert {row["player"] for row in report["with_forfeits"]["players"]} == {"a", "b", "c"}
    assert {row["player"] for row in report["without_forfeits"]["players"]} == {"a", "b"}
    assert report["without_forfeits"]["anchor"] is None
