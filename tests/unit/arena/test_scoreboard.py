"""The scoreboard: the sequential test stops at one pair, in whatever order matches end."""

from __future__ import annotations

import random

import pytest

from tests.unit.arena.doubles import record
from w2s.arena.ratings import SprtSpec, tally
from w2s.arena.record import MatchRecord
from w2s.arena.scoreboard import SequentialTest, game_result
from w2s.arena.spec import ArenaSpec, SprtConfig

PLAYERS = {"teacher": "random", "student": "random"}


def spec(sprt: SprtConfig | None) -> ArenaSpec:
    return ArenaSpec(game="chess", players=PLAYERS, sprt=sprt)


def match_won_by(name: str | None, number: int) -> MatchRecord:
    first, second = ("teacher", "student") if number % 2 == 0 else ("student", "teacher")
    winner = None if name is None else 0 if name == first else 1
    return record(number=number, pair=number // 2, first=first, second=second, winner=winner)


def season(strength: float, n_pairs: int, seed: int) -> list[MatchRecord]:
    draw = random.Random(seed)
    return [
        match_won_by("student" if draw.random() < strength else draw.choice(["teacher", None]), number)
        for number in range(2 * n_pairs)
    ]


def decided_by(records: list[MatchRecord], test: SprtConfig) -> int | None:
    sequential = SequentialTest(spec(test))
    for played in records:
        sequential.add(played)
    return sequential.decided_by


@pytest.mark.parametrize(("strength", "seed"), [(0.6, 0), (0.2, 1), (0.5, 2)])
def test_sequential_test_stops_at_first_deciding_pair(strength: float, seed: int) -> None:
    test, records = SprtConfig(elo0=0, elo1=60), season(strength, 200, seed)
    plain = SprtSpec(0, 60)
    expected = next(
        pair
        for pair in range(200)
        if plain.state(tally(map(game_result, records[: 2 * pair + 2]), "student", "teacher")).verdict
        != "continue"
    )
    assert decided_by(records, test) == expected


def test_order_of_finished_matches_does_not_matter() -> None:
    test, records = SprtConfig(elo0=0, elo1=60), season(0.6, 100, 3)
    in_order = decided_by(records, test)
    assert in_order is not None
    for seed in range(5):
        shuffled = list(records)
        random.Random(seed).shuffle(shuffled)
        assert decided_by(shuffled, test) == in_order


def test_incomplete_pair_postpones_decision() -> None:
    test, records = SprtConfig(elo0=0, elo1=60), season(0.9, 100, 4)
    assert decided_by(records, test) is not None
    assert decided_by(records[1:], test) is None


def test_matches_after_decision_do_not_count() -> None:
    records = season(0.9, 100, 5)
    sequential = SequentialTest(spec(SprtConfig(elo0=0, elo1=60)))
    for played in records:
        sequential.add(played)
    decided = sequential.decided_by
    assert decided is not None
    assert [played.pair for played in records if sequential.includes(played)][-1] == decided
    assert sum(map(sequential.includes, records)) == 2 * decided + 2


def test_arena_without_test_counts_every_match() -> None:
    sequential = SequentialTest(spec(None))
    records = season(0.9, 50, 6)
    for played in records:
        sequential.add(played)
    assert sequential.decided_by is None
    assert all(map(sequential.includes, records))
