"""Confidence of a label from the values of moves in centipawns.

A search gives values, not probabilities. Here the probability of a move is the softmax of the values over a
temperature in centipawns: ``p(m) ∝ exp(cp(m) / temperature_cp)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

TEMPERATURE_CP = 100.0
"""Default temperature in centipawns: one pawn more multiplies the probability by e."""

MATE_CP = 100_000
"""An immediate win, above every evaluation; a win in ``n`` moves is worth ``MATE_CP - 100 n``."""
_MATE_STEP_CP = 100
_MATE_LEAST_CP = 50_000


class Confidence(NamedTuple):
    """The confidence of a model in its label.

    Attributes:
        log_prob: log-probability of the label, in nats.
        margin: its probability minus that of the likeliest other move, in [-1, 1].
        entropy: entropy of the distribution over the moves with a value, in nats.
    """

    log_prob: float
    margin: float
    entropy: float


CERTAIN = Confidence(0.0, 1.0, 0.0)
"""The confidence in the only move."""


def mate_cp(moves: int) -> int:
    """The value of a win in that many moves of the winner, at least 50,000; a loss is its negative."""
    return max(_MATE_LEAST_CP, MATE_CP - _MATE_STEP_CP * moves)


def moves_to_mate(value_cp: int) -> int | None:
    """Moves of the winner until the end of a game that a value declares decided; None if it declares none.

    The inverse of :func:`mate_cp` down to its least value.
    """
    return None if abs(value_cp) < _MATE_LEAST_CP else (MATE_CP - abs(value_cp)) // _MATE_STEP_CP


def confidence(
    values_cp: Mapping[str, float], label: str, temperature_cp: float, n_options: int
) -> Confidence | None:
    """Confidence in ``label`` among the moves with a value.

    Args:
        values_cp: values by move, in centipawns.
        label: the move that was answered.
        temperature_cp: temperature of the softmax, in centipawns.
        n_options: number of possible moves.

    Returns:
        None if the label has no value, or if it is the only one of several possible moves that has one.
    """
    if label not in values_cp or (len(values_cp) < 2 and n_options > 1):
        return None
    if len(values_cp) == 1:
        return CERTAIN
    top = max(values_cp.values())
    scaled = {move: (cp - top) / temperature_cp for move, cp in values_cp.items()}
    log_total = math.log(math.fsum(math.exp(x) for x in scaled.values()))
    log_probs = {move: x - log_total for move, x in scaled.items()}
    likeliest_other = max(log_prob for move, log_prob in log_probs.items() if move != label)
    return Confidence(
        log_probs[label],
        math.exp(log_probs[label]) - math.exp(likeliest_other),
        max(0.0, -math.fsum(math.exp(x) * x for x in log_probs.values())),
    )
