"""The sequential test stops at one pair, whatever the order in which matches end."""

from __future__ import annotations

import random

import pytest

from tests.unit.arena.doubles import record
from w2s.arena.ratings import SprtSpec, tally
from w2s.arena.record import MatchRecord
from w2s.arena.spec import ArenaSpec, SprtTest
from w2s.arena.standing import result_of
from w2s.arena.stopping import Stopping

PLAYERS = {"teacher": "random", "student": "random"}


def spec(sprt: SprtTest | None) -> ArenaSpec:
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


def decided_by(records: list[MatchRecord], test: SprtTest) -> int | None:
    stopping = Stopping(spec(test))
    for played in records:
        stopping.hear(played)
    return stopping.decided_by


@pytest.mark.parametrize(("strength", "seed"), [(0.6, 0), (0.2, 1), (0.5, 2)])
def test_it_stops_at_the_first_pair_at_which_the_test_of_all_pairs_so_far_decides(
    strength: float, seed: int
) -> None:
    test, records = SprtTest(elo0=0, elo1=60), season(strength, 200, seed)
    plain = SprtSpec(0, 60)
    expected = next(
        pair
        for pair in range(200)
        if plain.state(tally(map(result_of, records[: 2 * pair + 2]), "student", "teacher")).verdict
        != "continue"
    )
    assert decided_by(records, test) == expected


def test_the_order_in_which_matches_end_changes_nothing() -> None:
    test, records = SprtTest(elo0=0, elo1=60), season(0.6, 100, 3)
    in_order = decided_by(records, test)
    assert in_order is not None
    for seed in range(5):
        shuffled = list(records)
        random.Random(seed).shuffle(shuffled)
        assert decided_by(shuffled, test) == in_order


def test_nothing_is_decided_while_an_earlier_pair_is_incomplete() -> None:
    test, records = SprtTest(elo0=0, elo1=60), season(0.9, 100, 4)
    assert decided_by(records, test) is not None
    assert decided_by(records[1:], test) is None


def test_matches_of_later_pairs_do_not_count_once_it_is_decided() -> None:
    records = season(0.9, 100, 5)
    stopping = Stopping(spec(SprtTest(elo0=0, elo1=60)))
    for played in records:
        stopping.hear(played)
    decided = stopping.decided_by
    assert decided is not None
    assert [played.pair for played in records if stopping.counts(played)][-1] == decided
    assert sum(map(stopping.counts, records)) == 2 * decided + 2


def test_an_arena_without_a_test_counts_every_match() -> None:
    stopping = Stopping(spec(None))
    records = season(0.9, 50, 6)
    for played in records:
        stopping.hear(played)
    assert stopping.decided_by is None
    assert all(map(stopping.counts, records))
