"""Schedules: who meets whom, with which colours and from which opening."""

from __future__ import annotations

import pytest

from w2s.arena.schedule import Pairing, Schedule


def test_match_alternates_colours_and_openings() -> None:
    schedule = Schedule(("ann", "bob"), "match", 3, 2, "sequential", 0)
    assert list(schedule) == [
        Pairing(0, 0, 0, "ann", "bob"),
        Pairing(1, 0, 0, "bob", "ann"),
        Pairing(2, 1, 1, "ann", "bob"),
        Pairing(3, 1, 1, "bob", "ann"),
        Pairing(4, 2, 0, "ann", "bob"),
        Pairing(5, 2, 0, "bob", "ann"),
    ]


def test_round_robin_plays_one_pair_per_matchup_and_round() -> None:
    schedule = Schedule(("a", "b", "c"), "round-robin", 2, 9, "sequential", 0)
    assert schedule.matchups == [("a", "b"), ("a", "c"), ("b", "c")]
    assert len(schedule) == 12
    assert [(p.first, p.second, p.opening) for p in schedule][:6] == [
        ("a", "b", 0),
        ("b", "a", 0),
        ("a", "c", 0),
        ("c", "a", 0),
        ("b", "c", 0),
        ("c", "b", 0),
    ]
    assert {p.opening for p in list(schedule)[6:]} == {1}


def test_gauntlet_is_first_player_against_each_other() -> None:
    schedule = Schedule(("a", "b", "c", "d"), "gauntlet", 1, 1, "sequential", 0)
    assert schedule.matchups == [("a", "b"), ("a", "c"), ("a", "d")]


def test_seed_shuffles_openings_in_each_cycle() -> None:
    def openings(seed: int) -> list[int]:
        schedule = Schedule(("a", "b"), "match", 60, 30, "shuffled", seed)
        return [schedule[number].opening for number in range(0, 120, 2)]

    assert openings(0) == openings(0)
    assert openings(0) != openings(1)
    assert openings(0)[:30] != openings(0)[30:]
    assert openings(0)[:30] != sorted(openings(0)[:30])


def test_order_of_a_seed_is_portable() -> None:
    schedule = Schedule(("a", "b"), "match", 8, 8, "shuffled", 0)
    assert [schedule[number].opening for number in range(0, 16, 2)] == [4, 5, 2, 7, 0, 3, 1, 6]


@pytest.mark.parametrize("number", [-1, 2])
def test_number_out_of_range_is_an_index_error(number: int) -> None:
    with pytest.raises(IndexError, match="the schedule has 2"):
        Schedule(("a", "b"), "match", 1, 1, "sequential", 0)[number]
