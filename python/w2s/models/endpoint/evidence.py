"""Evidence about a label from the log-probabilities of a reply."""

from __future__ import annotations

import math
from collections.abc import Mapping

from w2s.models.endpoint.chat_completions import Completion
from w2s.models.model import Answer
from w2s.tasks import Example, MoveExample
from w2s.tasks.choice import ChoiceExample

_PUNCTUATION = " \t\r\n.:)(*\"'"


def add_evidence(answer: Answer, example: Example, completion: Completion) -> None:
    """Set the number of options and, where the server returns them, log-probability, margin and entropy.

    The log-probability is the mean over the tokens of the reply. Margin and entropy are those of its first
    token that is not blank, among the likeliest tokens that the server lists. For a choice they are those of
    the options whose letters are listed; they are unknown where the reply does not begin with its letter.
    """
    answer.n_options = _n_options(example)
    answer.log_prob = completion.log_prob
    if completion.top is None:
        return
    label = completion.top[0][0]
    probs = {token: math.exp(log_prob) for token, log_prob in completion.top}
    if isinstance(example, ChoiceExample):
        label = label.strip(_PUNCTUATION)
        probs = option_probs(completion.top, example.letters) if label == answer.label else {}
    if probs.get(label, 0.0) > 0:
        answer.margin, answer.entropy = _margin_and_entropy(probs, label)


def option_probs(top: tuple[tuple[str, float], ...], letters: str) -> dict[str, float]:
    """The probability of each option whose letter is among the tokens; they sum to one."""
    found: dict[str, float] = {}
    for token, log_prob in top:
        letter = token.strip(_PUNCTUATION)
        if len(letter) == 1 and letter in letters:
            found[letter] = found.get(letter, 0.0) + math.exp(log_prob)
    total = math.fsum(found.values())
    return {letter: prob / total for letter, prob in found.items()} if total > 0 else {}


def _margin_and_entropy(probs: Mapping[str, float], label: str) -> tuple[float, float]:
    """Probability of the label minus that of the likeliest other, and the entropy of the normalised probs."""
    other = max((prob for name, prob in probs.items() if name != label), default=0.0)
    total = math.fsum(probs.values())
    shares = [prob / total for prob in probs.values() if prob > 0]
    return probs[label] - other, max(0.0, -math.fsum(share * math.log(share) for share in shares))


def _n_options(example: Example) -> int | None:
    if isinstance(example, MoveExample):
        return len(example.state.legal_moves())
    return len(example.options) if isinstance(example, ChoiceExample) else None
