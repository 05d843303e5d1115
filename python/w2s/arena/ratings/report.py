"""Ratings as plain dictionaries, ready for JSON: finite numbers, texts, booleans and None.

Knows nothing about files; ``with_forfeits`` counts every scored game, ``without_forfeits`` only those that
were decided over the board.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from w2s.arena.ratings.bradley_terry import FieldRating, PlayerRating, rate_field
from w2s.arena.ratings.elo import Interval, MatchRating, rate
from w2s.arena.ratings.pentanomial import Pentanomial, tally
from w2s.arena.ratings.results import GameResult, without_forfeits
from w2s.arena.ratings.sprt import SprtSpec, SprtState

Row = dict[str, Any]

_DIGITS = 6


def match_report(
    results: Iterable[GameResult], player: str, opponent: str, sprt: SprtSpec | None = None
) -> Row:
    """Ratings of ``player`` against ``opponent``, with forfeits and without."""
    games = list(results)
    row: Row = {"player": player, "opponent": opponent}
    for name, counted in (("with_forfeits", games), ("without_forfeits", without_forfeits(games))):
        counts = tally(counted, player, opponent)
        row[name] = rating_row(rate(counts))
        if sprt is not None:
            row[name]["sprt"] = sprt_row(sprt.state(counts))
    return row


def field_report(results: Iterable[GameResult], anchor: str | None = None) -> Row:
    """Bradley-Terry ratings of all players, with forfeits and without.

    Without forfeits, a player whose every game was a forfeit has no rating; if that is the anchor, each
    group has the mean 0 there.
    """
    games = list(results)
    kept = without_forfeits(games)
    still_there = any(anchor in (game.first, game.second) for game in kept)
    return {
        "with_forfeits": field_row(rate_field(games, anchor)),
        "without_forfeits": field_row(rate_field(kept, anchor if still_there else None)),
    }


def rating_row(rating: MatchRating) -> Row:
    """One match; intervals are ``{"value", "low", "high"}``, None where unknown or unbounded."""
    return {
        **counts_row(rating.counts),
        "score": _interval(rating.score),
        "elo": _interval(rating.elo),
        "nelo": _interval(rating.nelo),
        "los": _number(rating.los),
        "informative": rating.informative,
        "note": rating.note,
    }


def counts_row(counts: Pentanomial) -> Row:
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


def sprt_row(state: SprtState) -> Row:
    """One test: what is tested, its bounds and where it stands."""
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


def field_row(field: FieldRating) -> Row:
    """All players, strongest first."""
    return {
        "anchor": field.anchor,
        "dispersion": _number(field.dispersion),
        "groups": [list(group) for group in field.groups],
        "note": field.note,
        "players": [_player(player) for player in field.players],
    }


def _player(player: PlayerRating) -> Row:
    elo = Interval(player.elo, player.low, player.high)
    counts = player.counts
    score = _number(counts.points / counts.games)
    return {
        "player": player.name,
        "elo": _interval(elo),
        "score": score,
        "group": player.group,
        **counts_row(counts),
    }


def _interval(interval: Interval) -> Row:
    return {name: _number(value) for name, value in interval._asdict().items()}


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
