"""Confident learning: scores of a label's quality from the teacher's probabilities.

Knows nothing about gold: thresholds are means over the labels that it was fitted on, right or wrong.

Source: Northcutt, Jiang and Chuang, JAIR 2021; Kuan and Mueller, "Model-agnostic label quality scoring",
ICML workshop 2022.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from w2s.config import Config
from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.function import Flags, Scores, State

_LEAST_PROB = 1e-6


class ConfidentOptions(Config):
    """Which score, and the classes that it is made fair between.

    ``by`` is a column of texts, such as ``label`` where there are few: a class that the teacher is less sure
    of on the whole is not trusted less for that. Empty: no adjustment.
    """

    score: Literal["confidence_weighted_entropy", "normalized_margin", "self_confidence"] = (
        "confidence_weighted_entropy"
    )
    by: str = ""


def confidence_weighted_entropy(
    probability: npt.NDArray[np.float64], entropy: npt.NDArray[np.float64], n_options: npt.NDArray[np.float64]
) -> Scores:
    """ln(1 + r) / r of r = normalised entropy / probability; in (0, 1], higher is better."""
    inside = np.maximum(probability, _LEAST_PROB)
    ratio = np.maximum(entropy / np.log(np.maximum(n_options, 2)) / inside, _LEAST_PROB)
    return np.log1p(ratio) / ratio


def label_quality(labels: Labels, score: str) -> Scores:
    """n scores in [0, 1]; NaN where the evidence is null."""
    probability = np.exp(np.minimum(reading.numbers(labels, "log_prob"), 0))
    if score == "self_confidence":
        return probability
    if score == "normalized_margin":
        return (1 + reading.numbers(labels, "margin")) / 2
    entropy, options = reading.numbers(labels, "entropy"), reading.numbers(labels, "n_options")
    return confidence_weighted_entropy(probability, entropy, options)


_NEEDS = {
    "self_confidence": {"log_prob"},
    "normalized_margin": {"margin"},
    "confidence_weighted_entropy": {"log_prob", "entropy", "n_options"},
}


@dataclass(frozen=True)
class ConfidentLearning:
    """A recipe: the score, less the mean of its class, mapped back to [0, 1] by (1 + difference) / 2."""

    name: str = "confident_learning"
    about: str = "label quality from the teacher's probabilities"
    options: type[ConfidentOptions] = ConfidentOptions

    def needs(self, options: ConfidentOptions) -> frozenset[str]:
        """By the score."""
        return frozenset(_NEEDS[options.score] | ({options.by} if options.by else set()))

    def fit(self, labels: Labels, correct: Flags, seed: int, options: ConfidentOptions) -> State:
        """The mean score of each class, and of all."""
        if not options.by:
            return State()
        scores = label_quality(labels, options.score)
        of_class = defaultdict(list)
        for name, score in zip(reading.texts(labels, options.by), scores.tolist(), strict=True):
            if name is not None and np.isfinite(score):
                of_class[name].append(score)
        means = {name: float(np.mean(of_class[name])) for name in sorted(of_class)}
        known = scores[np.isfinite(scores)]
        return State({"thresholds": means, "mean": float(known.mean()) if len(known) else 0.0})

    def score(self, labels: Labels, state: State, options: ConfidentOptions) -> Scores:
        """n scores; 0 where the evidence is null."""
        scores = label_quality(labels, options.score)
        if options.by:
            means, mean = state.facts["thresholds"], state.facts["mean"]
            own = np.array([means.get(name, mean) for name in reading.texts(labels, options.by)])
            scores = (1 + scores - own) / 2
        return np.nan_to_num(scores, nan=0.0)


CONFIDENT = ConfidentLearning()
