"""Properties of schedules: complete, fair, and found by number without playing the earlier matches."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from w2s.arena.schedule import Schedule

SCHEDULES = st.builds(
    Schedule,
    players=st.integers(2, 5).map(lambda n: tuple("abcde"[:n])),
    tournament=st.sampled_from(["round-robin", "gauntlet"]),
    pairs=st.integers(1, 30),
    n_openings=st.integers(1, 12),
    order=st.sampled_from(["sequential", "shuffled"]),
    seed=st.integers(0, 1000),
)


@given(SCHEDULES)
def test_matches_are_indexed_by_number(schedule: Schedule) -> None:
    pairings = list(schedule)
    assert [pairing.number for pairing in pairings] == list(range(len(schedule)))
    assert [schedule[number] for number in reversed(range(len(schedule)))] == pairings[::-1]


@given(SCHEDULES)
def test_pair_shares_opening_and_swaps_colours(schedule: Schedule) -> None:
    pairings = list(schedule)
    for one, two in zip(pairings[::2], pairings[1::2], strict=True):
        assert one.pair == two.pair == one.number // 2
        assert one.opening == two.opening
        assert (one.first, one.second) == (two.second, two.first)


@given(SCHEDULES)
def test_every_matchup_plays_the_same_openings(schedule: Schedule) -> None:
    openings: dict[tuple[str, str], list[int]] = {}
    for pairing in islice(schedule, 0, None, 2):
        openings.setdefault((pairing.first, pairing.second), []).append(pairing.opening)
    assert list(openings) == schedule.matchups
    assert len({tuple(line) for line in openings.values()}) == 1
    assert all(len(line) == schedule.pairs for line in openings.values())


@given(SCHEDULES)
def test_openings_repeat_only_after_all_are_used(schedule: Schedule) -> None:
    matchup = schedule.matchups[0]
    line = [pairing.opening for pairing in schedule if (pairing.first, pairing.second) == matchup]
    for begin in range(0, len(line), schedule.n_openings):
        cycle = Counter(line[begin : begin + schedule.n_openings])
        assert set(cycle) <= set(range(schedule.n_openings))
        assert max(cycle.values()) == 1


@given(SCHEDULES, st.integers(1, 30))
def test_more_pairs_extend_the_schedule(schedule: Schedule, more: int) -> None:
    longer = Schedule(
        schedule.players,
        schedule.tournament,
        schedule.pairs + more,
        schedule.n_openings,
        schedule.order,
        schedule.seed,
    )
    assert list(islice(longer, len(schedule))) == list(schedule)
