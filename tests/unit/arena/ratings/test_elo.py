"""Elo, normalised Elo, LOS and intervals of one match against published and hand-made examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from w2s.arena.ratings import MatchRating, Pentanomial, elo_difference, expected_score, rate_match
from w2s.arena.ratings.elo import NO_INFORMATION, wilson_interval


def half_width(rating: MatchRating, scale: str) -> float:
    interval = getattr(rating, scale)
    return (interval.high - interval.low) / 2


def test_elo_is_logistic_in_score() -> None:
    assert elo_difference(0.55) == pytest.approx(34.86, abs=0.005)
    assert elo_difference(0.75) == pytest.approx(190.85, abs=0.005)
    assert elo_difference(0.5) == 0
    assert expected_score(200) == pytest.approx(0.7597, abs=5e-5)
    assert elo_difference(expected_score(-123.4)) == pytest.approx(-123.4)


# Examples that the tests of fastchess publish (its intervals are Wald's): pairs, elo, error, nelo, error.
PENTANOMIALS = [
    ((34, 54, 63, 64, 75), 55.58, 27.65, 57.94, 28.28),
    ((332, 433, 498, 333, 334), -8.64, 10.33, -9.17, 10.96),
    ((7895, 8757, 5685, 568, 9999), -21.04, 2.95, -19.01, 2.65),
]


@pytest.mark.parametrize(("pairs", "elo", "elo_error", "nelo", "nelo_error"), PENTANOMIALS)
def test_ratings_of_pairs_match_published_examples(
    pairs: tuple[int, int, int, int, int], elo: float, elo_error: float, nelo: float, nelo_error: float
) -> None:
    rating = rate_match(Pentanomial.from_pairs(pairs))
    assert rating.elo.value == pytest.approx(elo, abs=0.006)
    assert half_width(rating, "elo") == pytest.approx(elo_error, rel=0.01)
    assert rating.nelo.value == pytest.approx(nelo, abs=0.006)
    assert half_width(rating, "nelo") == pytest.approx(nelo_error, rel=0.04)


def test_ratings_of_games_match_published_examples() -> None:
    even = rate_match(Pentanomial.from_games(wins=76, draws=123, losses=89))
    assert even.nelo.value == pytest.approx(-20.76, abs=0.006)
    assert half_width(even, "nelo") == pytest.approx(40.13, rel=0.01)
    assert even.los == pytest.approx(0.1553, abs=0.001)
    better = rate_match(Pentanomial.from_games(wins=136, draws=111, losses=96))
    assert better.elo.value == pytest.approx(40.70, abs=0.006)
    assert half_width(better, "elo") == pytest.approx(30.43, rel=0.01)
    assert better.los == pytest.approx(0.9960, abs=0.001)


def test_pairs_vary_less_than_games_with_decisive_openings() -> None:
    paired = rate_match(Pentanomial.from_pairs((0, 10, 80, 10, 0), split=60))
    loose = rate_match(Pentanomial.from_games(wins=70, draws=60, losses=70))
    assert paired.score.value == loose.score.value == 0.5
    assert half_width(paired, "elo") < half_width(loose, "elo") / 1.8


def test_wilson_interval_equals_scipy() -> None:
    for wins, games in [(7, 10), (1, 30), (0, 5), (12, 12)]:
        ours = wilson_interval(wins / games, games)
        theirs = stats.binomtest(wins, games).proportion_ci(0.95, method="wilson")
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    decisive = rate_match(Pentanomial.from_games(wins=14, draws=0, losses=6))
    theirs = stats.binomtest(14, 20).proportion_ci(0.95, method="wilson")
    assert decisive.score[1:] == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("pairs", [(0, 0, 1, 0, 0), (0, 0, 500, 0, 0)])
def test_identical_players_give_an_uninformative_rating(pairs: tuple[int, ...]) -> None:
    rating = rate_match(Pentanomial(pairs, wins=pairs[2], losses=pairs[2]))  # type: ignore[arg-type]
    assert not rating.informative
    assert rating.note == NO_INFORMATION
    assert rating.note.startswith("these games carry no information")
    assert rating.score == (0.5, None, None)
    assert (*rating.elo, *rating.nelo, rating.los) == (None,) * 7


def test_no_games_give_an_uninformative_rating() -> None:
    rating = rate_match(Pentanomial())
    assert not rating.informative
    assert rating.note == "no games were scored"
    assert rating.counts.draw_ratio is None


@pytest.mark.parametrize("n", [1, 5, 100])
def test_perfect_score_has_one_bound_and_finite_estimate(n: int) -> None:
    won, lost = (
        rate_match(Pentanomial.from_pairs((0, 0, 0, 0, n))),
        rate_match(Pentanomial.from_pairs((n, 0, 0, 0, 0))),
    )
    wilson_low = stats.binomtest(n, n).proportion_ci(0.95, method="wilson").low
    assert won.elo.high is None
    assert won.elo.low == pytest.approx(elo_difference(wilson_low))
    assert won.elo.value == pytest.approx(elo_difference((n + 0.5) / (n + 1)))
    assert lost.elo.low is None
    assert (lost.elo.value, lost.elo.high) == pytest.approx((-won.elo.value, -won.elo.low))
    assert won.nelo == (None, None, None)
    assert won.los is not None
    assert won.los == pytest.approx(stats.norm.cdf(math.sqrt(n)))
    assert "one bound" in won.note


def test_perfect_score_bound_rises_with_games() -> None:
    lows = [rate_match(Pentanomial.from_pairs((0, 0, 0, 0, n))).elo.low for n in (1, 2, 5, 20, 100, 1000)]
    assert all(low is not None for low in lows)
    assert lows == sorted(lows)  # type: ignore[type-var]


def test_equal_pairs_count_as_one_trial_each() -> None:
    rating = rate_match(Pentanomial.from_pairs((0, 0, 0, 12, 0)))
    expected = wilson_interval(0.75, 12)
    assert rating.informative
    assert rating.score == expected
    assert "ended alike" in rating.note


def test_unpaired_game_counts() -> None:
    alone = rate_match(Pentanomial((2, 5, 9, 6, 3), (0, 0, 1), wins=20, draws=15, losses=16))
    assert alone.counts.games == 51
    assert alone.score.value == pytest.approx(27.5 / 51)


# Probabilities of the pair scores 0 to 2, from even to lopsided.
FIELDS = [
    (0.05, 0.2, 0.5, 0.2, 0.05),
    (0.04, 0.16, 0.45, 0.25, 0.10),
    (0.01, 0.04, 0.25, 0.40, 0.30),
    (0.20, 0.05, 0.50, 0.05, 0.20),
]


@pytest.mark.slow
@pytest.mark.parametrize("probabilities", FIELDS)
def test_intervals_cover_true_values_at_95_percent(
    probabilities: tuple[float, ...],
) -> None:
    generator = np.random.default_rng(20240601)
    matches = generator.multinomial(150, probabilities, size=2000)
    score = float(np.dot(probabilities, np.arange(5))) / 4
    variance = float(np.dot(probabilities, (np.arange(5) / 4 - score) ** 2))
    elo, nelo = elo_difference(score), (score - 0.5) / math.sqrt(2 * variance) * 800 / math.log(10)
    ratings = [rate_match(Pentanomial.from_pairs(tuple(match.tolist()))) for match in matches]
    elo_covered = np.mean([rating.elo.low <= elo <= rating.elo.high for rating in ratings])  # type: ignore[operator]
    nelo_covered = np.mean([rating.nelo.low <= nelo <= rating.nelo.high for rating in ratings])  # type: ignore[operator]
    assert 0.93 <= elo_covered <= 0.97
    assert 0.93 <= nelo_covered <= 0.97


@pytest.mark.slow
def test_los_is_calibrated_for_even_players() -> None:
    generator = np.random.default_rng(7)
    matches = generator.multinomial(400, (0.05, 0.2, 0.5, 0.2, 0.05), size=2000)
    ratings = [rate_match(Pentanomial.from_pairs(tuple(match.tolist()))) for match in matches]
    los = np.array([rating.los for rating in ratings])
    for level in (0.1, 0.25, 0.75, 0.9):
        assert np.mean(los <= level) == pytest.approx(level, abs=0.03)
