"""Confident learning: scores of label quality from the teacher's probabilities.

Gold answers are not used: thresholds are means over all labels that it is fitted on, right or wrong.

Source: Northcutt, Jiang and Chuang, JAIR 2021; Kuan and Mueller, "Model-agnostic label quality scoring",
ICML workshop 2022.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from w2s.config import Config
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust import columns
from w2s.trust.function import FittedState

_LEAST_PROB = 1e-6


class ConfidentLearningOptions(Config):
    """Options of ``confident_learning``.

    Attributes:
        score: the score of a label.
        by: a column of text with few values, such as ``label``: each score is compared with the mean of its
            class, so that a class about which the teacher is less sure overall is not trusted less. Empty: no
            adjustment.
    """

    score: Literal["confidence-weighted-entropy", "normalized-margin", "self-confidence"] = (
        "confidence-weighted-entropy"
    )
    by: str = ""


def confidence_weighted_entropy(probability: Doubles, entropy: Doubles, n_options: Doubles) -> Doubles:
    """ln(1 + r) / r of r = normalised entropy / probability; in (0, 1], higher is better."""
    inside = np.maximum(probability, _LEAST_PROB)
    ratio = np.maximum(entropy / np.log(np.maximum(n_options, 2)) / inside, _LEAST_PROB)
    return np.log1p(ratio) / ratio


def _scores(labels: Labels, score: str) -> Doubles:
    """n scores in [0, 1]; NaN where the evidence is null."""
    if score == "normalized-margin":
        return (1 + columns.numbers(labels, "margin")) / 2
    probability = np.exp(np.minimum(columns.numbers(labels, "log_prob"), 0))
    if score == "self-confidence":
        return probability
    entropy, options = columns.numbers(labels, "entropy"), columns.numbers(labels, "n_options")
    return confidence_weighted_entropy(probability, entropy, options)


_NEEDS = {
    "self-confidence": {"log_prob"},
    "normalized-margin": {"margin"},
    "confidence-weighted-entropy": {"log_prob", "entropy", "n_options"},
}


@dataclass(frozen=True)
class ConfidentLearning:
    """The trust method: the score minus the mean of its class, mapped to [0, 1] by (1 + difference) / 2."""

    name: str = "confident_learning"
    about: str = "label quality from the teacher's probabilities"
    options: type[ConfidentLearningOptions] = ConfidentLearningOptions

    def needs(self, options: ConfidentLearningOptions) -> frozenset[str]:
        """Return the columns that the score reads, and ``by``."""
        return frozenset(_NEEDS[options.score] | ({options.by} if options.by else set()))

    def fit(
        self, labels: Labels, correct: Flags, seed: int, options: ConfidentLearningOptions
    ) -> FittedState:
        """Compute the mean score of each class and of all labels."""
        if not options.by:
            return FittedState()
        scores = _scores(labels, options.score)
        by_class = defaultdict(list)
        for name, score in zip(columns.texts(labels, options.by), scores.tolist(), strict=True):
            if name is not None and np.isfinite(score):
                by_class[name].append(score)
        means = {name: float(np.mean(by_class[name])) for name in sorted(by_class)}
        known = scores[np.isfinite(scores)]
        return FittedState({"thresholds": means, "mean": float(known.mean()) if len(known) else 0.0})

    def score(self, labels: Labels, state: FittedState, options: ConfidentLearningOptions) -> Doubles:
        """Return n scores; 0 where the evidence is null."""
        scores = _scores(labels, options.score)
        if options.by:
            means, mean = state.facts["thresholds"], state.facts["mean"]
            own = np.array([means.get(name, mean) for name in columns.texts(labels, options.by)])
            scores = (1 + scores - own) / 2
        return np.nan_to_num(scores, nan=0.0)


CONFIDENT_LEARNING = ConfidentLearning()
