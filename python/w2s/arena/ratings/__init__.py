"""Strength from results: counts of pairs, Elo with intervals, SPRT, Bradley-Terry.

Knows nothing about games, files or clocks: results in, numbers out.
"""

from w2s.arena.ratings.bradley_terry import FieldRating, PlayerRating, rate_field
from w2s.arena.ratings.elo import Interval, MatchRating, elo_of, rate, score_of
from w2s.arena.ratings.pentanomial import Pentanomial, tally
from w2s.arena.ratings.report import field_report, match_report
from w2s.arena.ratings.results import GameResult, without_forfeits
from w2s.arena.ratings.sprt import SprtSpec, SprtState

__all__ = [
    "FieldRating",
    "GameResult",
    "Interval",
    "MatchRating",
    "Pentanomial",
    "PlayerRating",
    "SprtSpec",
    "SprtState",
    "elo_of",
    "field_report",
    "match_report",
    "rate",
    "rate_field",
    "score_of",
    "tally",
    "without_forfeits",
]
