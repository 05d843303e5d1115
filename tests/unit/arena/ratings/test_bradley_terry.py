"""Bradley-Terry: planted strengths, the two-player case, degenerate fields."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.arena.ratings import FieldRating, GameResult, expected_score, rate_field, rate_match, tally
from w2s.errors import UsageError


def play(
    generator: np.random.Generator, elos: dict[str, float], pairs: int, draws: float = 0.4
) -> list[GameResult]:
    """A round robin in which a share of the games is drawn as far as the scores allow."""
    results = []
    for number, (a, b) in enumerate(itertools.combinations(elos, 2)):
        for index in range(pairs):
            for first, second in ((a, b), (b, a)):
                expected = expected_score(elos[first] - elos[second])
                drawn = draws * 2 * min(expected, 1 - expected)
                luck = generator.random()
                score = 0.5 if luck < drawn else float(luck < drawn + expected - drawn / 2)
                results.append(GameResult(first, second, number * pairs + index, score))
    return results


def elos_of(field: FieldRating) -> dict[str, float]:
    return {player.name: player.elo for player in field.players}


@pytest.mark.slow
def test_planted_strengths_are_recovered() -> None:
    planted = {"a": 210.0, "b": 60.0, "c": 0.0, "d": -90.0, "e": -180.0}
    field = rate_field(play(np.random.default_rng(11), planted, pairs=3000))
    assert [player.name for player in field.players] == ["a", "b", "c", "d", "e"]
    assert elos_of(field) == pytest.approx(planted, abs=8)
    assert field.groups == (("a", "b", "c", "d", "e"),)
    assert sum(elos_of(field).values()) == pytest.approx(0, abs=1e-9)


def test_two_players_get_elo_and_interval_of_their_match() -> None:
    results = play(np.random.default_rng(3), {"a": 70.0, "b": 0.0}, pairs=400)
    match = rate_match(tally(results, "a", "b")).elo
    best = rate_field(results, anchor="b", prior_draws=1e-6).players[0]
    assert best.name == "a"
    assert best.elo == pytest.approx(match.value, abs=1e-3)
    assert (best.low, best.high) == pytest.approx((match.low, match.high), abs=0.5)


def test_ratings_maximise_the_likelihood() -> None:
    from scipy.optimize import minimize

    results = play(np.random.default_rng(5), {"a": 100.0, "b": 0.0, "c": -50.0}, pairs=20)
    names = ["a", "b", "c"]

    def loss(strengths: np.ndarray) -> float:
        total = sum(np.log1p(np.exp(-x)) + np.log1p(np.exp(x)) for x in strengths) / 2
        for result in results:
            gap = strengths[names.index(result.first)] - strengths[names.index(result.second)]
            total += result.score * np.log1p(np.exp(-gap)) + (1 - result.score) * np.log1p(np.exp(gap))
        return float(total)

    best = minimize(loss, np.zeros(3), tol=1e-12).x * 400 / np.log(10)
    expected = dict(zip(names, (best - best.mean()).tolist(), strict=True))
    assert elos_of(rate_field(results)) == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
def test_intervals_cover_true_ratings() -> None:
    planted = {"a": 120.0, "b": 40.0, "c": -40.0, "d": -120.0}
    generator = np.random.default_rng(17)
    covered = []
    for _ in range(400):
        field = rate_field(play(generator, planted, pairs=25))
        covered += [player.low <= planted[player.name] <= player.high for player in field.players]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_undefeated_player_has_finite_rating() -> None:
    results = play(np.random.default_rng(1), {"b": 0.0, "c": 0.0}, pairs=10)
    results += [GameResult("a", name, 100 + index, 1.0) for index, name in enumerate("bcbcbc")]
    field = rate_field(results)
    assert field.players[0].name == "a"
    assert 100 < field.players[0].elo < 1500
    assert field.players[0].low < field.players[0].elo < field.players[0].high < 5000


def test_more_wins_rate_higher() -> None:
    def best(games: int) -> float:
        return rate_field([GameResult("a", "b", n, 1.0) for n in range(games)]).players[0].elo

    assert best(1) < best(10) < best(100) < best(100_00) < 5000


def test_unconnected_players_are_grouped_and_named() -> None:
    results = [GameResult("a", "b", 0, 1.0), GameResult("c", "d", 1, 1.0), GameResult("d", "e", 2, 0.5)]
    field = rate_field(results, anchor="d")
    assert field.groups == (("a", "b"), ("c", "d", "e"))
    assert "a, b | c, d, e" in field.note
    elos = elos_of(field)
    assert elos["d"] == 0
    assert elos["a"] == pytest.approx(-elos["b"])
    assert {player.name: player.group for player in field.players} == {"a": 0, "b": 0, "c": 1, "d": 1, "e": 1}


def test_anchor_shifts_all_ratings_and_has_no_interval() -> None:
    results = play(np.random.default_rng(2), {"a": 50.0, "b": 0.0, "c": -50.0}, pairs=30)
    mean, anchored = elos_of(rate_field(results)), rate_field(results, anchor="c")
    assert elos_of(anchored) == pytest.approx({name: elo - mean["c"] for name, elo in mean.items()})
    last = anchored.players[-1]
    assert (last.name, last.elo, last.low, last.high) == ("c", 0, 0, 0)


def test_repeated_results_keep_a_positive_interval() -> None:
    for scores in ((1.0, 0.0), (1.0, 0.5), (1.0, 1.0)):
        results = [
            game
            for pair in range(50)
            for game in (GameResult("a", "b", pair, scores[0]), GameResult("b", "a", pair, 1 - scores[1]))
        ]
        first = rate_field(results).players[0]
        assert first.high - first.low > 50


def test_one_pair_per_matchup_gives_finite_intervals() -> None:
    names = dict.fromkeys("abcdefgh", 0.0)
    field = rate_field(play(np.random.default_rng(4), names, pairs=1))
    assert all(0 < player.high - player.low < 1000 for player in field.players)


def test_unknown_anchor_and_zero_prior_are_refused() -> None:
    with raises_code("rating-unknown-anchor", UsageError) as caught:
        rate_field([GameResult("a", "b", 0, 1.0)], anchor="z")
    assert "a, b" in str(caught.value)
    with raises_code("rating-prior-not-positive", UsageError):
        rate_field([GameResult("a", "b", 0, 1.0)], prior_draws=0)


def test_no_games_give_no_players() -> None:
    assert rate_field([]).players == ()
