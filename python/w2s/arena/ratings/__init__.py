"""Ratings from results of games: counts of pairs, Elo with intervals, SPRT, Bradley-Terry."""

from w2s.arena.ratings.bradley_terry import FieldRating, PlayerRating, rate_field
from w2s.arena.ratings.elo import MatchRating, RatingInterval, elo_difference, expected_score, rate_match
from w2s.arena.ratings.pentanomial import GameResult, Pentanomial, tally, without_forfeits
from w2s.arena.ratings.report import field_report, match_report
from w2s.arena.ratings.sprt import SprtSpec, SprtState

__all__ = [
    "FieldRating",
    "GameResult",
    "MatchRating",
    "Pentanomial",
    "PlayerRating",
    "RatingInterval",
    "SprtSpec",
    "SprtState",
    "elo_difference",
    "expected_score",
    "field_report",
    "match_report",
    "rate_field",
    "rate_match",
    "tally",
    "without_forfeits",
]
