"""The log-probabilities of a reply → how sure the model is of its label.

Knows nothing about servers; needs no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from w2s.models.endpoint.completion import Completion
from w2s.models.model import Answer
from w2s.tasks import Example, MoveExample
from w2s.tasks.choice import ChoiceExample

_AROUND = " \t\r\n.:)(*\"'"


def add_evidence(answer: Answer, example: Example, completion: Completion) -> None:
    """Number of options; where the server gave them, log-probability, margin and entropy.

    The log-probability is the mean over the tokens of the reply. Margin and entropy are those of its first
    token that is not blank, among the likeliest that the server lists. Of a choice they are those of the
    options whose letters are among these, and unknown where the reply does not begin with its letter.
    """
    answer.n_options = _n_options(example)
    answer.log_prob = completion.log_prob
    if completion.top is None:
        return
    label = completion.top[0][0]
    chances = {token: math.exp(log_prob) for token, log_prob in completion.top}
    if isinstance(example, ChoiceExample):
        label = label.strip(_AROUND)
        chances = option_probs(completion.top, example.letters) if label == answer.label else {}
    if chances.get(label, 0.0) > 0:
        answer.margin, answer.entropy = _sureness(chances, label)


def option_probs(top: tuple[tuple[str, float], ...], letters: str) -> dict[str, float]:
    """The probability of each option whose letter is among the tokens; they sum to one."""
    found: dict[str, float] = {}
    for token, log_prob in top:
        letter = token.strip(_AROUND)
        if len(letter) == 1 and letter in letters:
            found[letter] = found.get(letter, 0.0) + math.exp(log_prob)
    total = math.fsum(found.values())
    return {letter: chance / total for letter, chance in found.items()} if total > 0 else {}


def _sureness(chances: Mapping[str, float], label: str) -> tuple[float, float]:
    """Lead of the label over the likeliest other, and the entropy of what is listed, scaled to sum to one."""
    other = max((chance for name, chance in chances.items() if name != label), default=0.0)
    total = math.fsum(chances.values())
    shares = [chance / total for chance in chances.values() if chance > 0]
    return chances[label] - other, max(0.0, -math.fsum(share * math.log(share) for share in shares))


def _n_options(example: Example) -> int | None:
    if isinstance(example, MoveExample):
        return len(example.state.legal_moves())
    return len(example.options) if isinstance(example, ChoiceExample) else None
