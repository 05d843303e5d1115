"""Score, Elo and normalised Elo of a match with 95 % intervals, and the likelihood of superiority (LOS).

All results are finite; what cannot be estimated is None.

With ``T`` points in ``N`` games, the score is ``s = T / N``. A unit ``u`` (a pair, or a game without a
partner) of ``g_u`` games deviates by ``d_u = points_u - g_u s``. Units are independent, so

    sigma^2 = sum(d_u^2) / N          variance for each game, pairing included
    se^2    = sigma^2 / N             variance of the score

* Interval of the score: Wilson's, with the *effective* number of results ``n = s (1 - s) / se^2`` in the
  place of the number of trials (Wilson 1927; Korn & Graubard 1998 for the effective number). It agrees with
  ``s +- 1.96 se`` when there are many games, stays inside [0, 1] and is symmetric when the players swap.
* Where all units scored alike but not one half (all won, all lost), the measured variance is 0 and cannot be
  right: each unit then counts as one trial, which is the widest variance that a score in [0, 1] can have. A
  score of 0 or 1 makes a one-sided interval: the far end is None, because no finite number of games bounds
  it. Its estimate comes from ``(s units + 1/2) / (units + 1)``, half a unit added to each side (Jeffreys'
  prior, as Krichevsky & Trofimov use it), so that it stays finite and grows with the games.
* Elo (logistic): ``400 log10(s / (1 - s))``; its interval is that of the score, transformed.
* Normalised Elo: ``(800 / ln 10) (s - 1/2) / sigma`` (M. Van den Bergh, "Normalized Elo"); unlike Elo it does
  not shrink when openings are drawish. Interval by the delta method with
  ``t = (s - 1/2) / sigma`` and ``psi_u = d_u / (N sigma) - t (d_u^2 - g_u sigma^2) / (2 N sigma^2)``,
  ``Var t = sum(psi_u^2)``. Near 0 that is ``1 / N``.
* LOS: ``Phi(z)``, where ``z = (s - 1/2) / sqrt(1 / (4 n))`` is the value that Wilson's interval inverts: LOS
  is 97.5 % exactly where the lower end of the score's interval is one half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from w2s.arena.ratings.pentanomial import Pentanomial

Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: 95 % lie between plus and minus this."""

NELO_PER_T = 800 / math.log(10)
"""Normalised Elo of a score that lies one standard deviation of a game above one half, about 347.4."""

NO_GAMES = "no games were scored"
NO_INFORMATION = (
    "these games carry no information about who is stronger: every opening ended level, as when "
    "the same deterministic player plays both sides"
)
ONE_SIDED = "one player scored every point, so the difference has only one bound"
NO_SPREAD = "every opening ended alike, so each counts as one trial: the interval is as wide as it can be"


class RatingInterval(NamedTuple):
    """An estimate and its 95 % interval; None where the estimate is unknown or that side is unbounded."""

    value: float | None
    low: float | None
    high: float | None


UNKNOWN = RatingInterval(None, None, None)


@dataclass(frozen=True, slots=True)
class MatchRating:
    """The rating of a player against one opponent.

    Attributes:
        counts: results of the games.
        score: fraction of the points.
        elo: Elo difference.
        nelo: normalised Elo difference.
        los: likelihood of superiority in [0, 1].
        informative: whether the games say anything about the difference; if not, only the score is known.
        note: why the rating is uninformative or one-sided, else empty.
    """

    counts: Pentanomial
    score: RatingInterval
    elo: RatingInterval
    nelo: RatingInterval
    los: float | None
    informative: bool
    note: str = ""


def elo_difference(score: float) -> float:
    """The Elo difference at which ``score``, strictly between 0 and 1, is expected; 34.86 for 0.55."""
    return 400 * math.log10(score / (1 - score))


def expected_score(elo: float) -> float:
    """The expected score at an Elo difference, between 0 and 1; the inverse of :func:`elo_difference`."""
    return 1 / (1 + 10 ** (-elo / 400))


def rate_match(counts: Pentanomial) -> MatchRating:
    """The rating of a match; the formulas and their sources are at the top of this module.

    Example:
        >>> round(rate_match(Pentanomial.from_pairs((34, 54, 63, 64, 75))).elo.value, 2)
        55.58
    """
    if not counts.games:
        return MatchRating(counts, UNKNOWN, UNKNOWN, UNKNOWN, None, informative=False, note=NO_GAMES)
    score, variance = counts.points / counts.games, _game_variance(counts)
    if variance == 0 and score == 0.5:
        known = RatingInterval(0.5, None, None)
        return MatchRating(counts, known, UNKNOWN, UNKNOWN, None, informative=False, note=NO_INFORMATION)
    trials = score * (1 - score) * counts.games / variance if variance > 0 else float(counts.units)
    interval = wilson_interval(score, trials)
    return MatchRating(
        counts,
        score=interval,
        elo=_elo(interval, counts.units),
        nelo=_nelo(counts, score, variance),
        los=_normal_cdf((score - 0.5) * 2 * math.sqrt(trials)),
        informative=True,
        note=_note(score, variance),
    )


def wilson_interval(score: float, trials: float) -> RatingInterval:
    """Wilson's 95 % interval of a mean in [0, 1] that is as certain as ``trials`` yes-or-no results."""
    z2 = Z_95**2
    centre = (score + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 * math.sqrt(score * (1 - score) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    low = 0.0 if score == 0 else max(0.0, centre - half)
    high = 1.0 if score == 1 else min(1.0, centre + half)
    return RatingInterval(score, low, high)


def _units(counts: Pentanomial) -> list[tuple[int, float, int]]:
    """Games, points and number of each kind of unit that occurs."""
    kinds = [(2, half / 2, count) for half, count in enumerate(counts.pairs)]
    kinds += [(1, half / 2, count) for half, count in enumerate(counts.singles)]
    return [kind for kind in kinds if kind[2]]


def _game_variance(counts: Pentanomial) -> float:
    """Variance of a game's score that, were games independent, would give the score its variance."""
    score = counts.points / counts.games
    kinds = _units(counts)
    if len({points / games for games, points, _ in kinds}) == 1:
        return 0.0
    return sum(count * (points - games * score) ** 2 for games, points, count in kinds) / counts.games


def _note(score: float, variance: float) -> str:
    if not 0 < score < 1:
        return ONE_SIDED
    return "" if variance > 0 else NO_SPREAD


def _elo(score: RatingInterval, units: int) -> RatingInterval:
    assert score.value is not None and score.low is not None and score.high is not None
    value = score.value if 0 < score.value < 1 else (score.value * units + 0.5) / (units + 1)
    low = elo_difference(score.low) if score.low > 0 else None
    high = elo_difference(score.high) if score.high < 1 else None
    return RatingInterval(elo_difference(value), low, high)


def _nelo(counts: Pentanomial, score: float, variance: float) -> RatingInterval:
    if variance == 0:
        return UNKNOWN
    t = (score - 0.5) / math.sqrt(variance)
    spread = Z_95 * math.sqrt(_t_variance(counts, score, variance, t))
    return RatingInterval(*(NELO_PER_T * value for value in (t, t - spread, t + spread)))


def _t_variance(counts: Pentanomial, score: float, variance: float, t: float) -> float:
    total = 0.0
    for games, points, count in _units(counts):
        deviation = points - games * score
        psi = deviation / math.sqrt(variance) - t * (deviation**2 - games * variance) / (2 * variance)
        total += count * psi**2
    return total / counts.games**2


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
