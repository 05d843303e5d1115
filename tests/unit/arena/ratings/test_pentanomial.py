"""How games become pairs, and what becomes of those that have no partner."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.ratings import GameResult, Pentanomial, tally, without_forfeits
from w2s.errors import DataError


def pair(number: int, as_first: float, as_second: float) -> list[GameResult]:
    """Two games between a and b in which a scored so much."""
    return [GameResult("a", "b", number, as_first), GameResult("b", "a", number, 1 - as_second)]


def test_pair_counts_points_of_both_games() -> None:
    games = (
        pair(0, 1, 1) + pair(1, 1, 0.5) + pair(2, 0.5, 0.5) + pair(3, 1, 0) + pair(4, 0, 0) + pair(5, 0, 0.5)
    )
    counts = tally(games, "a")
    assert counts.pairs == (1, 1, 2, 1, 1)
    assert counts.singles == (0, 0, 0)
    assert (counts.wins, counts.draws, counts.losses) == (4, 4, 4)
    assert counts.draw_ratio == pytest.approx(1 / 3)
    assert tally(games, "b") == counts.swapped()


def test_order_of_games_does_not_matter() -> None:
    games = pair(0, 1, 1) + pair(1, 1, 0.5) + pair(2, 0, 0.5)
    assert tally(reversed(games), "a") == tally(games, "a")


def test_game_without_partner_is_counted_as_single() -> None:
    counts = tally([*pair(0, 1, 0.5), GameResult("b", "a", 1, 1.0)], "a")
    assert counts.pairs == (0, 0, 0, 1, 0)
    assert counts.singles == (1, 0, 0)
    assert (counts.games, counts.units, counts.n_pairs) == (3, 2, 1)


def test_games_with_same_colours_are_not_a_pair() -> None:
    counts = tally([GameResult("a", "b", 0, 1.0), GameResult("a", "b", 0, 0.5)], "a")
    assert counts.n_pairs == 0
    assert counts.singles == (0, 1, 1)


def test_pair_number_is_per_two_players() -> None:
    games = [GameResult("a", "b", 0, 1.0), GameResult("c", "a", 0, 0.0)]
    assert tally(games, "a").singles == (0, 0, 2)
    assert tally(games, "a", "c").singles == (0, 0, 1)


def test_third_game_of_a_pair_is_refused() -> None:
    with raises_code("rating-pair-too-large", DataError):
        tally([*pair(0, 1, 1), GameResult("a", "b", 0, 1.0)], "a")


def test_without_forfeits_keeps_the_partner() -> None:
    games = [GameResult("a", "b", 0, 1.0, forfeit=True), GameResult("b", "a", 0, 0.5)]
    assert tally(games, "a").pairs == (0, 0, 0, 1, 0)
    assert tally(without_forfeits(games), "a").singles == (0, 1, 0)


def test_impossible_results_are_refused() -> None:
    with raises_code("rating-player-meets-itself", DataError):
        GameResult("a", "a", 3, 1.0)
    with raises_code("rating-invalid-score", DataError):
        GameResult("a", "b", 3, 0.7)
    with raises_code("rating-negative-counts", DataError):
        Pentanomial((0, 0, -1, 0, 0))
    with raises_code("rating-counts-contradict", DataError):
        Pentanomial((0, 0, 1, 0, 0))
