"""Ratings as JSON values, ``with_forfeits`` and ``without_forfeits``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from w2s.arena.ratings.bradley_terry import FieldRating, PlayerRating, rate_field
from w2s.arena.ratings.elo import MatchRating, RatingInterval, rate_match
from w2s.arena.ratings.pentanomial import GameResult, Pentanomial, tally, without_forfeits
from w2s.arena.ratings.sprt import SprtSpec, SprtState

_Json = dict[str, Any]

_DIGITS = 6


def match_report(
    results: Iterable[GameResult], player: str, opponent: str, sprt: SprtSpec | None = None
) -> _Json:
    """Ratings of ``player`` against ``opponent``, with and without forfeits."""
    games = list(results)
    row: _Json = {"player": player, "opponent": opponent}
    for name, counted in (("with_forfeits", games), ("without_forfeits", without_forfeits(games))):
        counts = tally(counted, player, opponent)
        row[name] = _rating_row(rate_match(counts))
        if sprt is not None:
            row[name]["sprt"] = _sprt_row(sprt.state(counts))
    return row


def field_report(results: Iterable[GameResult], anchor: str | None = None) -> _Json:
    """Bradley-Terry ratings of all players, with and without forfeits.

    A player whose games were all forfeits has no rating without forfeits; if that player is the anchor, each
    group then has the mean 0.
    """
    games = list(results)
    kept = without_forfeits(games)
    still_there = any(anchor in (game.first, game.second) for game in kept)
    return {
        "with_forfeits": _field_row(rate_field(games, anchor)),
        "without_forfeits": _field_row(rate_field(kept, anchor if still_there else None)),
    }


def _rating_row(rating: MatchRating) -> _Json:
    """The rating of a match; intervals are ``{"value", "low", "high"}``, None where unknown or unbounded."""
    return {
        **_counts_row(rating.counts),
        "score": _interval(rating.score),
        "elo": _interval(rating.elo),
        "nelo": _interval(rating.nelo),
        "los": _number(rating.los),
        "informative": rating.informative,
        "note": rating.note,
    }


def _counts_row(counts: Pentanomial) -> _Json:
    """Counts of games, pairs and unpaired games."""
    return {
        "games": counts.games,
        "wins": counts.wins,
        "draws": counts.draws,
        "losses": counts.losses,
        "draw_ratio": _number(counts.draw_ratio),
        "pairs": list(counts.pairs),
        "unpaired": list(counts.singles),
    }


def _sprt_row(state: SprtState) -> _Json:
    """The state of a sequential test: hypotheses, bounds and log-likelihood ratio."""
    spec = state.spec
    return {
        "model": spec.model,
        "elo0": spec.elo0,
        "elo1": spec.elo1,
        "alpha": spec.alpha,
        "beta": spec.beta,
        "lower": _number(spec.lower),
        "upper": _number(spec.upper),
        "llr": _number(state.llr),
        "verdict": state.verdict,
        "informative": state.informative,
        "note": state.note,
    }


def _field_row(field: FieldRating) -> _Json:
    """The ratings of all players, strongest first."""
    return {
        "anchor": field.anchor,
        "dispersion": _number(field.dispersion),
        "groups": [list(group) for group in field.groups],
        "note": field.note,
        "players": [_player(player) for player in field.players],
    }


def _player(player: PlayerRating) -> _Json:
    elo = RatingInterval(player.elo, player.low, player.high)
    counts = player.counts
    score = _number(counts.points / counts.games)
    return {
        "player": player.name,
        "elo": _interval(elo),
        "score": score,
        "group": player.group,
        **_counts_row(counts),
    }


def _interval(interval: RatingInterval) -> _Json:
    return {name: _number(value) for name, value in interval._asdict().items()}


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
