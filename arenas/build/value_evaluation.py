"""Evaluation of a value head: predictions of results, and what looking ahead gains in matches and puzzles."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from evaluation import test_puzzles

from w2s.arena import ArenaSpec, run
from w2s.arena.spec import MatchRules, Openings, Verification
from w2s.labelling import evaluate_models
from w2s.metrics import Interval, difference
from w2s.metrics.bootstrap import percentile_interval
from w2s.models import Model, load_model
from w2s.models.policy.files import from_pretrained
from w2s.models.policy.loading import build_model
from w2s.models.policy.model_card import policies_folder
from w2s.models.policy.settings import PolicySettings
from w2s.models.reference import parse_reference

MAX_PUZZLES = {"chess": 300, "connect_four": 600, "othello": 600}
MATCH_PLANS = {"chess": "nodes=32", "connect_four": "nodes=64", "othello": "nodes=64"}
"""How the policy that looks ahead does so in the match against itself."""
COMPARED = "nodes=64"
PUZZLE_PLANS = ("think=6,6", COMPARED)
"""How it looks ahead in puzzles."""
ZERO = "nodes=64, all values 0"
"""A control: the search of ``COMPARED`` without the value head, so that only the rules decide."""
_MAX_PLIES = 200
_DRAWS = 2000


class ValueScores(NamedTuple):
    """How well values predict the results of games that the head did not learn from.

    Attributes:
        positions: number of positions.
        games: number of games.
        error: mean squared error of the values.
        constant: mean squared error of the mean result of the games that the head learned from.
        correlation: correlation of value and result.
    """

    positions: int
    games: int
    error: Interval
    constant: Interval
    correlation: Interval


def value_scores(
    values: npt.NDArray[np.float32],
    targets: npt.NDArray[np.float32],
    games: npt.NDArray[np.int64],
    constant: float,
    seed: int = 0,
) -> ValueScores:
    """Scores with intervals of a bootstrap over games.

    Args:
        values: (n,): values of positions.
        targets: (n,): results of their games.
        games: (n,): number of the game of each position.
        constant: the prediction that values are compared with.
        seed: random seed of the bootstrap.
    """
    v, t = values.astype(np.float64), targets.astype(np.float64)
    products = np.column_stack([np.ones_like(v), v, t, v * v, t * t, v * t])
    _, groups = np.unique(games, return_inverse=True)
    count = int(groups.max()) + 1
    sums = np.column_stack([np.bincount(groups, column) for column in products.T])
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), _DRAWS)
    of_all, sampled = _measures(sums.sum(0)[None], constant), _measures(times @ sums, constant)
    return ValueScores(
        len(v),
        count,
        *(percentile_interval(float(of_all[i, 0]), sampled[i], 0.95) for i in range(3)),
    )


def _measures(sums: npt.NDArray[np.float64], constant: float) -> npt.NDArray[np.float64]:
    """Error, error of the constant, and correlation, (3, n), from n rows of sums of products."""
    n, v, t, vv, tt, vt = sums.T
    covariance, spread = vt - v * t / n, (vv - v * v / n) * (tt - t * t / n)
    return np.stack(
        [
            (vv - 2 * vt + tt) / n,
            (tt - 2 * constant * t + constant**2 * n) / n,
            covariance / np.sqrt(np.maximum(spread, 1e-12)),
        ]
    )


def match(name: str, game: str, folder: Path, pairs: int, seed: int) -> dict[str, Any]:
    """The rating of a policy that looks ahead in paired games against the policy alone."""
    spec = ArenaSpec(
        game=game,
        players={"teacher": f"policy:{name}", "student": f"policy:{name}?{MATCH_PLANS[game]}"},
        pairs=pairs,
        seed=seed,
        openings=Openings(file=f"openings/{game}.txt", order="shuffled"),
        rules=MatchRules(max_plies=_MAX_PLIES),
        verify=Verification(share=0.0),
    )
    rating = run(spec, folder)["ratings"]["with_forfeits"]
    facts = {key: rating[key] for key in ("games", "wins", "draws", "losses", "score", "elo")}
    return {"plan": MATCH_PLANS[game], **facts}


def puzzles(name: str, game: str) -> dict[str, Any]:
    """Accuracy on the first test puzzles, without and with looking ahead, and the paired differences."""
    models = {plan: load_model(f"policy:{name}{plan and '?' + plan}") for plan in ("", *PUZZLE_PLANS)}
    models[ZERO] = _without_values(name)
    found = evaluate_models(test_puzzles(game)[: MAX_PUZZLES[game]], models)
    gains = {plan: found.differences["", plan] for plan in models if plan}
    of_values = difference(found.scores[COMPARED], found.scores[ZERO])
    return {"puzzles": found.examples, "accuracy": found.accuracy, "gains": gains, "of_values": of_values}


def _without_values(name: str) -> Model:
    """The policy looking ahead with values of 0 everywhere, so that only the rules decide."""
    net = from_pretrained(policies_folder() / name)
    assert net.value_head is not None
    for tensor in net.value_head.output.parameters():
        torch.nn.init.zeros_(tensor)
    reference = f"policy:{name}?{COMPARED}"
    return build_model(reference, net, PolicySettings.from_reference(parse_reference(reference)), 0)
