"""What a net's view of a state says about one move: how sure it is, and vectors for trust functions.

Knows nothing about nets or batches: pure numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s.models.policy.seeing import Seen

TOP = 3
"""How many of the largest probabilities a vector tells."""

Vector = npt.NDArray[np.float16]
_LARGEST_HALF = float(np.finfo(np.float16).max)


class Sureness(NamedTuple):
    """How sure a policy is of one move.

    ``log_prob`` in nats; ``margin`` is its probability less that of the likeliest other move, in [-1, 1];
    ``entropy`` in nats; ``rank`` from 0; ``top`` the three largest probabilities, 0 where there are fewer.
    """

    log_prob: float
    margin: float
    entropy: float
    rank: int
    top: tuple[float, ...]


def sureness(log_probs: npt.NDArray[np.float64], chosen: int) -> Sureness:
    """How sure a policy over k moves, (k,), is of the one at place ``chosen``."""
    probs = np.exp(log_probs)
    others = np.delete(probs, chosen)
    rank = int((probs > probs[chosen]).sum() + (probs[:chosen] == probs[chosen]).sum())
    return Sureness(
        float(log_probs[chosen]),
        float(np.clip(probs[chosen] - (others.max() if len(others) else 0.0), -1.0, 1.0)),
        entropy(log_probs),
        rank,
        top(probs),
    )


def entropy(log_probs: npt.NDArray[np.float64]) -> float:
    """Entropy in nats, from 0 to that of an even draw."""
    if not len(log_probs):
        return 0.0
    return float(np.clip(-(np.exp(log_probs) * log_probs).sum(), 0.0, np.log(len(log_probs))))


def top(probs: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The three largest probabilities, 0 where there are fewer."""
    largest = np.sort(probs)[::-1][:TOP]
    return tuple(map(float, [*largest, *[0.0] * (TOP - len(largest))]))


def hidden(seen: Seen, chosen: int, sure: Sureness) -> Vector:
    """The state at a move, float16, (4 channels + 6,).

    Features at the move's from-square and at its to-square, mean and maximum over the board, then
    log-probability, margin, entropy and the three largest probabilities.
    """
    board = [*_at(seen, chosen), seen.features.mean(1), seen.features.max(1)]
    return _half([*board, np.array([sure.log_prob, sure.margin, sure.entropy, *sure.top])])


def afterstate(seen: Seen, flags: npt.NDArray[np.bool_]) -> Vector:
    """The state after a move, float16, (4 channels + 8,), from what the net sees there.

    Mean and maximum over the board, features at the squares of the reply that the net expects (zeros where
    the game is over), its three largest reply probabilities and their entropy, then four flags: takes,
    threatens, exposed, over.
    """
    board = [seen.features.mean(1), seen.features.max(1)]
    if len(seen.log_probs):
        board += _at(seen, int(seen.log_probs.argmax()))
    else:
        board += [np.zeros(len(seen.features))] * 2
    replies = [*top(np.exp(seen.log_probs)), entropy(seen.log_probs)]
    return _half([*board, np.array([*replies, *flags])])


def _at(seen: Seen, chosen: int) -> list[npt.NDArray[np.float32]]:
    """Features at the two squares of a move, (channels,) each; zeros for a move without a place."""
    nowhere = np.zeros(len(seen.features), np.float32)
    return [seen.features[:, cell] if cell >= 0 else nowhere for cell in seen.cells[chosen]]


def _half(parts: list[npt.NDArray[np.float32]]) -> Vector:
    joined = np.concatenate(parts)
    return np.clip(joined, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)
