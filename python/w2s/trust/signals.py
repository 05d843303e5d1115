"""Trust functions without parameters: what the teacher itself says.

Knows nothing about gold. A label without the evidence has score 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2s.config import Config
from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.function import Flags, Scores, State


class NoOptions(Config):
    """There is nothing to choose."""


@dataclass(frozen=True)
class Signal:
    """A recipe that learns nothing: ``value`` gives n numbers in [0, 1], NaN where there is no evidence."""

    name: str
    about: str
    evidence: frozenset[str]
    value: Callable[[Labels], Scores]
    options: type[NoOptions] = NoOptions

    def needs(self, options: NoOptions) -> frozenset[str]:
        """Always the same."""
        return self.evidence

    def fit(self, labels: Labels, correct: Flags, seed: int, options: NoOptions) -> State:
        """Nothing is learned."""
        return State()

    def score(self, labels: Labels, state: State, options: NoOptions) -> Scores:
        """The signal."""
        return np.nan_to_num(self.value(labels), nan=0.0)


def confidence(labels: Labels) -> Scores:
    """The probability that the teacher gave its label: exp(log_prob)."""
    return np.exp(np.minimum(reading.numbers(labels, "log_prob"), 0.0))


def margin(labels: Labels) -> Scores:
    """(1 + margin) / 2: how far the label is ahead of the likeliest other."""
    return (1 + reading.numbers(labels, "margin")) / 2


def certainty(labels: Labels) -> Scores:
    """1 − entropy / ln(n_options): 1 where one option has all probability, 0 where all have the same."""
    return 1 - np.clip(reading.numbers(labels, "entropy") / _most_entropy(labels), 0, 1)


def _most_entropy(labels: Labels) -> Scores:
    return np.log(np.maximum(reading.numbers(labels, "n_options"), 2.0))


def said(name: str) -> Callable[[Labels], Scores]:
    """A column that is a share already."""
    return lambda labels: np.clip(reading.numbers(labels, name), 0.0, 1.0)


def rewarded(labels: Labels) -> Scores:
    """1 / (1 + exp(−reward)): as a reward model means its number between two answers."""
    return 1 / (1 + np.exp(-np.clip(reading.numbers(labels, "reward"), -50, 50)))


def self_consistency(labels: Labels) -> Scores:
    """Share of the samples that say the label, as who drew them counted it, else by their text; NaN where
    there are none."""
    if "self_consistency" in labels.table.column_names:
        return reading.numbers(labels, "self_consistency")
    pairs = zip(reading.texts(labels, "label"), labels.table.column("samples").to_pylist(), strict=True)
    shares = [
        sum(sample == label for sample in samples) / len(samples) if samples else np.nan
        for label, samples in pairs
    ]
    return np.array(shares, np.float64)


CONFIDENCE = Signal(
    "confidence", "the teacher's probability of its label", frozenset({"log_prob"}), confidence
)
MARGIN = Signal("margin", "its lead over the likeliest other", frozenset({"margin"}), margin)
ENTROPY = Signal(
    "entropy", "how little probability is spread", frozenset({"entropy", "n_options"}), certainty
)
SELF_CONSISTENCY = Signal(
    "self_consistency", "share of samples equal to the label", frozenset({"samples"}), self_consistency
)
ICL = Signal("icl", "its probability behind solved examples", frozenset({"icl"}), said("icl"))
VERBALISED = Signal(
    "verbalised", "how sure the teacher says it is", frozenset({"verbalised"}), said("verbalised")
)
P_TRUE = Signal("p_true", "asked whether the label is right: yes", frozenset({"p_true"}), said("p_true"))
REWARD = Signal("reward", "what a reward model gives for it", frozenset({"reward"}), rewarded)
