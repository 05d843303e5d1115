"""Evidence about one move from the output of a network: confidence, and vectors for trust functions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.models.policy.inference import NetOutput

N_TOP_PROBS = 3
"""How many of the largest probabilities a vector contains."""

HalfVector = npt.NDArray[np.float16]
_LARGEST_HALF = float(np.finfo(np.float16).max)


class ChoiceConfidence(NamedTuple):
    """How confident a policy is in one of k choices.

    Attributes:
        log_prob: log-probability of the choice, in nats.
        margin: its probability minus that of the likeliest other choice, in [-1, 1].
        entropy: entropy of the policy, in nats.
        rank: how many choices are likelier, from 0.
        top: the three largest probabilities, 0 where there are fewer.
    """

    log_prob: float
    margin: float
    entropy: float
    rank: int
    top: tuple[float, ...]


def choice_confidence(log_probs: npt.NDArray[np.float64], chosen: int) -> ChoiceConfidence:
    """The confidence of a policy with these log-probabilities, (k,), in the choice at index ``chosen``."""
    probs = np.exp(log_probs)
    others = np.delete(probs, chosen)
    rank = int((probs > probs[chosen]).sum() + (probs[:chosen] == probs[chosen]).sum())
    return ChoiceConfidence(
        float(log_probs[chosen]),
        float(np.clip(probs[chosen] - (others.max() if len(others) else 0.0), -1.0, 1.0)),
        entropy(log_probs),
        rank,
        top_probs(probs),
    )


def entropy(log_probs: npt.NDArray[np.float64]) -> float:
    """Entropy in nats, from 0 to that of the uniform distribution."""
    if not len(log_probs):
        return 0.0
    return float(np.clip(-(np.exp(log_probs) * log_probs).sum(), 0.0, np.log(len(log_probs))))


def top_probs(probs: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The three largest probabilities, 0 where there are fewer."""
    largest = np.sort(probs)[::-1][:N_TOP_PROBS]
    return tuple(map(float, [*largest, *[0.0] * (N_TOP_PROBS - len(largest))]))


def hidden_vector(output: NetOutput, chosen: int, confidence: ChoiceConfidence) -> HalfVector:
    """The hidden state of a move, float16, (4 channels + 6,).

    Features at the from-square and at the to-square of the move, mean and maximum over the board, then
    log-probability, margin, entropy and the three largest probabilities.
    """
    board = [*_features_at(output, chosen), output.features.mean(1), output.features.max(1)]
    numbers = [confidence.log_prob, confidence.margin, confidence.entropy, *confidence.top]
    return _half([*board, np.array(numbers)])


def afterstate_vector(output: NetOutput, flags: npt.NDArray[np.bool_]) -> HalfVector:
    """The state after a move, float16, (4 channels + 8,), from the output of the network for that state.

    Mean and maximum over the board, features at the squares of the likeliest reply (zeros where the game is
    over), the three largest probabilities of replies and their entropy, then four flags: takes, threatens,
    exposed, over.
    """
    board = [output.features.mean(1), output.features.max(1)]
    if len(output.log_probs):
        board += _features_at(output, int(output.log_probs.argmax()))
    else:
        board += [np.zeros(len(output.features))] * 2
    replies = [*top_probs(np.exp(output.log_probs)), entropy(output.log_probs)]
    return _half([*board, np.array([*replies, *flags])])


def _features_at(output: NetOutput, chosen: int) -> list[npt.NDArray[np.float32]]:
    """Features at the two squares of a move, (channels,) each; zeros for a move without a place."""
    nowhere = np.zeros(len(output.features), np.float32)
    return [output.features[:, cell] if cell >= 0 else nowhere for cell in output.cells[chosen]]


def _half(parts: list[npt.NDArray[np.float32]]) -> HalfVector:
    joined = np.concatenate(parts)
    return np.clip(joined, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)
