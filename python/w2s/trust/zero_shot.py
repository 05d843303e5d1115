"""Zero-shot trust functions: scores that are not fitted, from what the teacher itself reports.

A label without the evidence has score 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust import columns
from w2s.trust.function import FittedState, NoOptions


@dataclass(frozen=True)
class ZeroShotScore:
    """The trust method that learns nothing.

    Attributes:
        name: the name in the registry.
        about: one line for people.
        evidence: names of the evidence that ``value`` reads.
        value: returns n numbers in [0, 1], NaN where there is no evidence.
        options: the class of the options.
    """

    name: str
    about: str
    evidence: frozenset[str]
    value: Callable[[Labels], Doubles]
    options: type[NoOptions] = NoOptions

    def needs(self, options: NoOptions) -> frozenset[str]:
        """Return the names of the evidence."""
        return self.evidence

    def fit(self, labels: Labels, correct: Flags, seed: int, options: NoOptions) -> FittedState:
        """Learn nothing."""
        return FittedState()

    def score(self, labels: Labels, state: FittedState, options: NoOptions) -> Doubles:
        """Return n scores; 0 where there is no evidence."""
        return np.nan_to_num(self.value(labels), nan=0.0)


def label_probability(labels: Labels) -> Doubles:
    """The probability that the teacher gave its label: exp(log_prob)."""
    return np.exp(np.minimum(columns.numbers(labels, "log_prob"), 0.0))


def scaled_margin(labels: Labels) -> Doubles:
    """(1 + margin) / 2, of the lead of the label over the runner-up."""
    return (1 + columns.numbers(labels, "margin")) / 2


def certainty(labels: Labels) -> Doubles:
    """1 − entropy / ln(n_options): 1 where one option has all probability, 0 where all are equally likely."""
    most = np.log(np.maximum(columns.numbers(labels, "n_options"), 2.0))
    return 1 - np.clip(columns.numbers(labels, "entropy") / most, 0, 1)


def share_column(name: str) -> Callable[[Labels], Doubles]:
    """Return the function that reads a column of shares."""
    return lambda labels: np.clip(columns.numbers(labels, name), 0.0, 1.0)


def reward_probability(labels: Labels) -> Doubles:
    """1 / (1 + exp(−reward)): a reward model's difference between two answers as a probability."""
    return 1 / (1 + np.exp(-np.clip(columns.numbers(labels, "reward"), -50, 50)))


def sample_agreement(labels: Labels) -> Doubles:
    """Share of the samples that equal the label; NaN where there are no samples.

    The column ``self_consistency`` holds that share as it was counted when the samples were drawn; without it
    the texts of ``samples`` are compared with the label.
    """
    if "self_consistency" in labels.table.column_names:
        return columns.numbers(labels, "self_consistency")
    pairs = zip(columns.texts(labels, "label"), labels.table.column("samples").to_pylist(), strict=True)
    shares = [
        sum(sample == label for sample in samples) / len(samples) if samples else np.nan
        for label, samples in pairs
    ]
    return np.array(shares, np.float64)


CONFIDENCE = ZeroShotScore(
    "confidence", "the teacher's probability of its label", frozenset({"log_prob"}), label_probability
)
MARGIN = ZeroShotScore(
    "margin", "the lead of its label over the most likely other", frozenset({"margin"}), scaled_margin
)
ENTROPY = ZeroShotScore(
    "entropy", "how concentrated its probabilities are", frozenset({"entropy", "n_options"}), certainty
)
SELF_CONSISTENCY = ZeroShotScore(
    "self_consistency", "share of samples equal to the label", frozenset({"samples"}), sample_agreement
)
ICL = ZeroShotScore(
    "icl", "probability of the label after few-shot examples", frozenset({"icl"}), share_column("icl")
)
VERBALISED = ZeroShotScore(
    "verbalised",
    "the confidence that the teacher states",
    frozenset({"verbalised"}),
    share_column("verbalised"),
)
P_TRUE = ZeroShotScore(
    "p_true",
    "probability of yes to the question whether the label is right",
    frozenset({"p_true"}),
    share_column("p_true"),
)
REWARD = ZeroShotScore(
    "reward", "the score of a reward model for the label", frozenset({"reward"}), reward_probability
)
