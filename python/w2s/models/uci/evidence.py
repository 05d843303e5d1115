"""Lines of play with scores → evidence: value, log-probability, margin, entropy.

Knows nothing about engines; it sees what ``info`` lines said.

An engine gives scores, not probabilities. Here the probability of a move is the softmax of the scores of
the lines that the engine returned, over a temperature in centipawns: ``p(m) ∝ exp(cp(m) / temperature_cp)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from w2s.models.uci.protocol import Info

MATE_CP = 100_000
"""A mate on the spot; a mate in ``n`` moves is worth ``MATE_CP - 100 n``, being mated the negative."""
_MATE_STEP_CP = 100
_MATE_LEAST_CP = 50_000


class Confidence(NamedTuple):
    """How sure the model is of its label.

    ``log_prob`` in nats; ``margin`` is the label's probability less that of the likeliest other move, in
    [-1, 1]; ``entropy`` of the distribution over the lines, in nats.
    """

    log_prob: float
    margin: float
    entropy: float


def score_cp(info: Info) -> int:
    """The score in centipawns for the player to move, mates mapped beyond every evaluation."""
    if info.mate is None:
        return info.cp or 0
    distance = max(_MATE_LEAST_CP, MATE_CP - _MATE_STEP_CP * abs(info.mate))
    return distance if info.mate > 0 else -distance


def latest(infos: Iterable[Info]) -> list[Info]:
    """The last word on each rank, best rank first, each move once; a bound only where nothing is exact."""
    by_rank: dict[int, Info] = {}
    for info in infos:
        known = by_rank.get(info.rank)
        if known is None or known.bound or not info.bound:
            by_rank[info.rank] = info
    by_move: dict[str, Info] = {}
    for rank in sorted(by_rank):
        by_move.setdefault(by_rank[rank].move, by_rank[rank])
    return list(by_move.values())


def confidence(scores_cp: dict[str, int], label: str, temperature_cp: float) -> Confidence | None:
    """Confidence in ``label`` among the moves with a score; None below two moves or without the label."""
    if label not in scores_cp or len(scores_cp) < 2:
        return None
    top = max(scores_cp.values())
    scaled = {move: (cp - top) / temperature_cp for move, cp in scores_cp.items()}
    log_total = math.log(math.fsum(math.exp(x) for x in scaled.values()))
    log_probs = {move: x - log_total for move, x in scaled.items()}
    likeliest_other = max(log_prob for move, log_prob in log_probs.items() if move != label)
    return Confidence(
        log_probs[label],
        math.exp(log_probs[label]) - math.exp(likeliest_other),
        max(0.0, -math.fsum(math.exp(x) * x for x in log_probs.values())),
    )
