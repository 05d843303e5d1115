"""Properties of ratings: antisymmetric, finite, and narrower with more games."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s.arena.ratings import GameResult, Pentanomial, SprtSpec, rate_field, rate_match, tally
from w2s.arena.ratings.sprt import SprtModel, log_likelihood_ratio

COUNT = st.integers(0, 200)
PAIRS = st.tuples(COUNT, COUNT, COUNT, COUNT, COUNT)
SCORE = st.sampled_from([0.0, 0.5, 1.0])
GAMES = st.lists(
    st.tuples(st.sampled_from(["ab", "ba", "ac", "ca", "bc", "cb"]), SCORE, st.booleans()), max_size=30
).map(lambda rows: [GameResult(who[0], who[1], n, score, lost) for n, (who, score, lost) in enumerate(rows)])


def mirrored(interval: tuple[float | None, ...], centre: float) -> tuple[float | None, ...]:
    value, low, high = (None if part is None else 2 * centre - part for part in interval)
    return value, high, low


@given(PAIRS)
def test_swapping_players_mirrors_rating(pairs: tuple[int, int, int, int, int]) -> None:
    ours, theirs = (
        rate_match(Pentanomial.from_pairs(pairs)),
        rate_match(Pentanomial.from_pairs(pairs).swapped()),
    )
    for name, centre in (("score", 0.5), ("elo", 0), ("nelo", 0)):
        for there, back in zip(mirrored(getattr(ours, name), centre), getattr(theirs, name), strict=True):
            assert there == back or there == pytest.approx(back, rel=1e-9, abs=1e-9), name
    if ours.los is not None:
        assert theirs.los == pytest.approx(1 - ours.los, abs=1e-12)


@given(PAIRS)
def test_rating_is_finite_or_none_and_ordered(pairs: tuple[int, int, int, int, int]) -> None:
    rating = rate_match(Pentanomial.from_pairs(pairs))
    for interval in (rating.score, rating.elo, rating.nelo):
        known = [value for value in (interval.low, interval.value, interval.high) if value is not None]
        assert all(math.isfinite(value) for value in known)
        assert known == sorted(known)
    assert rating.los is None or 0 <= rating.los <= 1
    assert rating.informative == (rating.los is not None)


@given(PAIRS, st.integers(2, 9))
def test_repeated_results_narrow_the_interval(pairs: tuple[int, int, int, int, int], times: int) -> None:
    once = rate_match(Pentanomial.from_pairs(pairs))
    more = rate_match(Pentanomial.from_pairs(tuple(times * count for count in pairs)))  # type: ignore[arg-type]
    if once.nelo.value is None or once.elo.low is None or once.elo.high is None:
        return
    assert more.elo.value == pytest.approx(once.elo.value)
    assert once.elo.low < more.elo.low <= more.elo.high < once.elo.high  # type: ignore[operator]
    assert more.nelo.value == pytest.approx(once.nelo.value)
    width, narrower = (rating.nelo.high - rating.nelo.low for rating in (once, more))  # type: ignore[operator]
    assert narrower == pytest.approx(width / math.sqrt(times))


@given(PAIRS, st.floats(-200, 199), st.floats(0.5, 400), st.sampled_from(["normalized", "logistic"]))
def test_llr_is_finite_and_antisymmetric(
    pairs: tuple[int, int, int, int, int], elo0: float, width: float, model: SprtModel
) -> None:
    elo1 = min(200.0, elo0 + width)
    ours = log_likelihood_ratio(pairs, SprtSpec(elo0, elo1, model=model))
    theirs = log_likelihood_ratio(pairs[::-1], SprtSpec(-elo1, -elo0, model=model))
    assert math.isfinite(ours)
    assert theirs == pytest.approx(-ours, rel=1e-6, abs=1e-6)


@given(GAMES)
def test_points_are_conserved(games: list[GameResult]) -> None:
    counts = [tally(games, name) for name in "abc"]
    assert sum(count.points for count in counts) == len(games)
    assert sum(count.games for count in counts) == 2 * len(games)
    assert tally(games, "a", "b").swapped() == tally(games, "b", "a")


@given(GAMES)
def test_field_rating_is_finite_and_mirrors_reversed_results(games: list[GameResult]) -> None:
    turned = [GameResult(g.first, g.second, g.pair, 1 - g.score, g.forfeit) for g in games]
    ours = {player.name: player for player in rate_field(games).players}
    theirs = {player.name: player for player in rate_field(turned).players}
    assert ours.keys() == theirs.keys()
    for name, player in ours.items():
        assert math.isfinite(player.low)
        assert player.low <= player.elo <= player.high
        mirror = (theirs[name].elo, theirs[name].low, theirs[name].high)
        assert mirror == pytest.approx((-player.elo, -player.high, -player.low), abs=1e-6)
