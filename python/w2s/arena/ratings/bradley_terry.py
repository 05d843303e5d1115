"""Bradley-Terry ratings of many players from a round robin, a gauntlet or any mix of games.

A player of strength ``x_i`` is expected to score ``p_ij = 1 / (1 + exp(x_j - x_i))`` against ``x_j`` (Bradley
& Terry 1952); a draw is half a win. The strengths maximise the likelihood of the results times a weak prior:
every player also drew ``prior_draws`` games against an average player, so that those who won or lost
everything stay finite. The likelihood is concave, and Newton's method finds its only maximum.

Intervals come from the Fisher information ``I = sum_ij n_ij p_ij (1 - p_ij) (e_i - e_j)(e_i - e_j)^T``. It
takes games for independent coin flips; draws make results steadier, and pairs share an opening. The
covariance is therefore ``phi / I`` with Pearson's dispersion (McCullagh & Nelder, "Generalized Linear
Models", section 4.5) over units ``u``, each a pair or a game without a partner, of ``g_u`` games:

    phi = [sum_u (points_u - g_u p_u)^2 / (units - players + groups)] / [sum_u g_u p_u (1 - p_u) / units]

Where that is 0 or has no degrees of freedom, each unit counts as one coin flip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.arena.ratings.elo import Z_95
from w2s.arena.ratings.pentanomial import GameResult, Pentanomial, tally
from w2s.errors import UsageError

_Array = npt.NDArray[np.float64]

PRIOR_DRAWS = 1.0
"""Number of draws against an average player that are added to the games of every player."""

_ELO_PER_NAT = 400 / np.log(10)
_ROUNDS = 500
_LONGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class PlayerRating:
    """The rating of one player.

    Attributes:
        name: name of the player.
        elo: Elo relative to the anchor.
        low: lower end of its 95 % interval.
        high: upper end of its 95 % interval.
        counts: results of the player's games.
        group: index of the player's group in :attr:`FieldRating.groups`.
    """

    name: str
    elo: float
    low: float
    high: float
    counts: Pentanomial
    group: int


@dataclass(frozen=True, slots=True)
class FieldRating:
    """The ratings of all players.

    Attributes:
        players: ratings, strongest first.
        groups: names of the players that games connect; ratings are comparable only within a group.
        anchor: the player with rating 0; None where each group has the mean 0.
        dispersion: variance of the results as a multiple of the variance of coin flips.
        note: a warning if there are several groups, else empty.
    """

    players: tuple[PlayerRating, ...]
    groups: tuple[tuple[str, ...], ...]
    anchor: str | None
    dispersion: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Units:
    """Results by unit: indices of the two players, games, and points of the first of them."""

    i: npt.NDArray[np.int64]
    j: npt.NDArray[np.int64]
    games: _Array
    points: _Array


def rate_field(
    results: Iterable[GameResult], anchor: str | None = None, prior_draws: float = PRIOR_DRAWS
) -> FieldRating:
    """Bradley-Terry ratings on the Elo scale; the formulas are at the top of this module.

    Args:
        results: results of games of any number of players.
        anchor: the player with rating 0 in its group; if None, each group has the mean 0.
        prior_draws: weight of the prior in games, above 0.

    Raises:
        UsageError: the anchor played no game, or the weight of the prior is not positive.
    """
    games = list(results)
    names = sorted({name for game in games for name in (game.first, game.second)})
    if anchor is not None and anchor not in names:
        raise UsageError(
            "rating-unknown-anchor",
            f"the anchor {anchor!r} played no game; the players are: {', '.join(names)}",
        )
    if not prior_draws > 0:
        raise UsageError(
            "rating-prior-not-positive",
            f"prior_draws is {prior_draws:g}; it must be above 0, or ratings of undefeated players diverge",
        )
    units, groups = _collect(games, names), _connected(games, names)
    strengths = _maximise(units, len(names), prior_draws)
    dispersion = _dispersion(units, strengths, len(names) - len(groups))
    covariance = dispersion * np.linalg.inv(_information(units, strengths, prior_draws))
    contrast = _contrast(names, groups, anchor)
    elos = _ELO_PER_NAT * (contrast @ strengths)
    spreads = Z_95 * _ELO_PER_NAT * np.sqrt(np.diag(contrast @ covariance @ contrast.T).clip(min=0))
    group_of = {name: index for index, group in enumerate(groups) for name in group}
    players = [
        PlayerRating(name, elo, elo - spread, elo + spread, tally(games, name), group_of[name])
        for name, elo, spread in zip(names, elos.tolist(), spreads.tolist(), strict=True)
    ]
    players.sort(key=lambda player: (-player.elo, player.name))
    return FieldRating(tuple(players), groups, anchor, dispersion, _note(groups))


def _collect(results: Sequence[GameResult], names: list[str]) -> _Units:
    index = {name: number for number, name in enumerate(names)}
    rows = []
    for couple in sorted({(min(r.first, r.second), max(r.first, r.second)) for r in results}):
        of_couple = [r for r in results if couple in ((r.first, r.second), (r.second, r.first))]
        counts = tally(of_couple, *couple)
        i, j = index[couple[0]], index[couple[1]]
        rows += [(i, j, 2, half / 2) for half, count in enumerate(counts.pairs) for _ in range(count)]
        rows += [(i, j, 1, half / 2) for half, count in enumerate(counts.singles) for _ in range(count)]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return _Units(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3])


def _logistic(x: _Array) -> _Array:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)), dtype=np.float64)


def _expected(units: _Units, strengths: _Array) -> _Array:
    return _logistic(strengths[units.i] - strengths[units.j])


def _maximise(units: _Units, n_players: int, prior_draws: float) -> _Array:
    strengths = np.zeros(n_players)
    for _ in range(_ROUNDS):
        surplus = units.points - units.games * _expected(units, strengths)
        slope = prior_draws * (0.5 - _logistic(strengths))
        np.add.at(slope, units.i, surplus)
        np.add.at(slope, units.j, -surplus)
        step = np.linalg.solve(_information(units, strengths, prior_draws), slope)
        longest = float(np.abs(step).max(initial=0.0))
        strengths = strengths + step * min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        if longest < 1e-12:
            break
    return strengths


def _information(units: _Units, strengths: _Array, prior_draws: float) -> _Array:
    """Fisher information of the games plus that of the prior, of shape (n_players, n_players)."""
    expected = _expected(units, strengths)
    weight = units.games * expected * (1 - expected)
    own = _logistic(strengths)
    matrix = np.diag(prior_draws * own * (1 - own))
    for rows, columns, sign in (
        (units.i, units.i, 1),
        (units.j, units.j, 1),
        (units.i, units.j, -1),
        (units.j, units.i, -1),
    ):
        np.add.at(matrix, (rows, columns), sign * weight)
    return matrix


def _dispersion(units: _Units, strengths: _Array, parameters: int) -> float:
    n_units = len(units.games)
    if not n_units:
        return 1.0
    expected = _expected(units, strengths)
    measured = float(((units.points - units.games * expected) ** 2).sum())
    flips = float((units.games * expected * (1 - expected)).sum())
    coin = float(units.games.sum()) / n_units
    if n_units <= parameters or measured < 1e-12 or _only_repeats(units):
        return coin
    return measured / flips * n_units / (n_units - parameters)


def _only_repeats(units: _Units) -> bool:
    """Whether some players met repeatedly, and always with the same result, as deterministic players do."""
    shares: dict[tuple[int, int], list[float]] = {}
    for i, j, share in zip(
        units.i.tolist(), units.j.tolist(), (units.points / units.games).tolist(), strict=True
    ):
        shares.setdefault((i, j), []).append(share)
    repeated = [set(of_couple) for of_couple in shares.values() if len(of_couple) > 1]
    return bool(repeated) and all(len(values) == 1 for values in repeated)


def _connected(results: Sequence[GameResult], names: list[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of players that games connect, sorted by their first names."""
    group = {name: {name} for name in names}
    for result in results:
        if group[result.first] is not group[result.second]:
            joined = group[result.first] | group[result.second]
            group.update(dict.fromkeys(joined, joined))
    return tuple(sorted({tuple(sorted(members)) for members in group.values()}))


def _contrast(names: list[str], groups: tuple[tuple[str, ...], ...], anchor: str | None) -> _Array:
    """The matrix that maps strengths to differences from the anchor or from the mean of the group."""
    matrix = np.eye(len(names))
    for group in groups:
        members = [names.index(name) for name in group]
        zero = [names.index(anchor)] if anchor in group else members
        matrix[np.ix_(members, zero)] -= 1 / len(zero)
    return matrix


def _note(groups: tuple[tuple[str, ...], ...]) -> str:
    if len(groups) < 2:
        return ""
    named = " | ".join(", ".join(group) for group in groups)
    return f"no games connect these groups, so ratings compare only within each: {named}"
