"""Log-probabilities of all labels → how a model sees one of them.

Knows nothing about models.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from w2s.models import draws
from w2s.models.hf.asking import Choices
from w2s.models.model import Answer
from w2s.models.policy.evidence import choice_confidence
from w2s.models.policy.inference import log_softmax

Numbers = npt.NDArray[np.float64]


def chosen(scores: Numbers, choices: Choices, temperature: float, seed: int, *names: str | int | None) -> int:
    """The place of the label among all: the first of the likeliest that may be answered, or one drawn."""
    allowed = scores[choices.allowed]
    if not temperature:
        return choices.allowed[int(allowed.argmax())]
    shares = np.exp(log_softmax(allowed / temperature)).cumsum()
    drawn = draws.uniform(seed, "choose", *names) * shares[-1]
    return choices.allowed[min(int(np.searchsorted(shares, drawn, side="right")), len(shares) - 1)]


def with_evidence(answer: Answer, scores: Numbers, choices: Choices, place: int) -> Answer:
    """The answer with its log-probability, margin, entropy, number of options and rank."""
    every = log_softmax(scores)
    sure = choice_confidence(log_softmax(scores[choices.allowed]), choices.allowed.index(place))
    answer.log_prob, answer.margin, answer.entropy = sure.log_prob, sure.margin, sure.entropy
    answer.n_options = len(choices.labels)
    answer.rank = choice_confidence(every, place).rank
    return answer
