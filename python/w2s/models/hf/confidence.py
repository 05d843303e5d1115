"""The label that log-probabilities of all labels select, and its confidence."""

from __future__ import annotations

import numpy as np

from w2s.models import keyed_random
from w2s.models.candidates import Candidates
from w2s.models.hf.numerics import OptionScores
from w2s.models.model import Answer
from w2s.models.policy.evidence import choice_confidence
from w2s.models.policy.inference import log_softmax


def pick(
    scores: OptionScores, candidates: Candidates, temperature: float, seed: int, *keys: keyed_random.Key
) -> int:
    """The index of the label among all: the first of the likeliest allowed ones, or one drawn.

    Args:
        scores: log-probabilities of all labels, (k,).
        candidates: the labels, and which of them are allowed.
        temperature: of the softmax from which a label is drawn; 0 takes the likeliest.
        seed: random seed.
        keys: with the seed they decide the draw.
    """
    allowed = scores[candidates.allowed]
    if not temperature:
        return candidates.allowed[int(allowed.argmax())]
    shares = np.exp(log_softmax(allowed / temperature)).cumsum()
    drawn = keyed_random.uniform(seed, "choose", *keys) * shares[-1]
    return candidates.allowed[min(int(np.searchsorted(shares, drawn, side="right")), len(shares) - 1)]


def add_confidence(answer: Answer, scores: OptionScores, candidates: Candidates, index: int) -> Answer:
    """The answer with log-probability, margin, entropy, number of options and rank of label ``index``."""
    every = log_softmax(scores)
    allowed = choice_confidence(log_softmax(scores[candidates.allowed]), candidates.allowed.index(index))
    answer.log_prob, answer.margin, answer.entropy = allowed.log_prob, allowed.margin, allowed.entropy
    answer.n_options = len(candidates.labels)
    answer.rank = choice_confidence(every, index).rank
    return answer
