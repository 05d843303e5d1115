"""P(True): the probability that the model says yes when asked whether its answer is correct.

Knows nothing about where the label comes from. Source: Kadavath et al., arXiv 2207.05221.
"""

from __future__ import annotations

import numpy as np

from w2s.models.hf.evidence.kind import Asked, Column, EvidenceKind


def measure(asked: Asked) -> dict[str, Column]:
    """``p_true``: of yes against no."""
    checks = asked.model.checker.check(asked.examples, asked.replies)
    logits = np.array([check.logit for check in checks], np.float64)
    return {"p_true": np.exp(-np.logaddexp(0.0, -logits))}


KIND = EvidenceKind("p_true", "probability of yes where asked whether the label is right", "p_true", measure)
