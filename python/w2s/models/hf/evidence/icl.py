"""Confidence in context: how likely the model holds a label behind solved examples of gold.

Knows nothing about where the label comes from.
"""

from __future__ import annotations

import numpy as np

from w2s.models.hf.evidence.kind import Asked, Column, EvidenceKind

_SHOTS = 4


def measure(asked: Asked) -> dict[str, Column]:
    """``icl``: the probability of the label; of an answer, the geometric mean over its tokens."""
    shots = asked.model.asking.drawn(asked.gold, asked.count or _SHOTS, asked.examples)
    judged = asked.model.judge(asked.examples, asked.labels, shots)
    log_probs = [np.nan if answer.log_prob is None else answer.log_prob for answer in judged]
    return {"icl": np.exp(np.array(log_probs, np.float64))}


KIND = EvidenceKind("icl", "probability of the label behind so many solved examples", "icl:4", measure)
