"""The loss of a pass over sequences, each with its weight.

Knows nothing about networks or steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from w2s.train.losses import LOSSES, NOTHING

IGNORED = -100
"""A place whose token is not learned."""


def reply_losses(logits: Tensor, tokens: Tensor) -> Tensor:
    """Mean cross-entropy of the learned tokens of each sequence, in nats, (n,).

    Args:
        logits: (n, length, vocabulary); those at a place predict the token behind it.
        tokens: (n, length), :data:`IGNORED` where nothing is learned.
    """
    learned = tokens[:, 1:]
    there = learned != IGNORED
    rows, places = there.nonzero(as_tuple=True)
    each = torch.nn.functional.cross_entropy(
        logits[rows, places].float(), learned[rows, places], reduction="none"
    )
    sums = torch.zeros(len(tokens), device=each.device).index_add(0, rows, each)
    return sums / there.sum(1).clamp_min(1)


def letter_losses(logits: Tensor, labels: Mapping[str, Tensor], loss: str, done: float) -> Tensor:
    """A loss of :mod:`w2s.train.losses` over the letters behind each question, (n,).

    Args:
        logits: (n, length, vocabulary).
        labels: ``last`` (n,), the place of the question's last token; ``options`` (n, k), the token of each
            letter; ``there`` (n, k), whether there is one; ``probs`` (n, k).
        loss: its name.
        done: share of the steps that are done.
    """
    behind = logits[torch.arange(len(logits), device=logits.device), labels["last"]].float()
    return option_losses(behind.gather(1, labels["options"]), labels, loss, done)


def option_losses(logits: Tensor, labels: Mapping[str, Tensor], loss: str, done: float) -> Tensor:
    """A loss of :mod:`w2s.train.losses` over the options of each question, (n,).

    Args:
        logits: (n, k).
        labels: ``there`` (n, k), whether there is such an option; ``probs`` (n, k).
        loss: its name.
        done: share of the steps that are done.
    """
    there = logits.float().masked_fill(~labels["there"], NOTHING)
    return LOSSES[loss](there, labels["probs"], done)


def weighted(losses: Tensor, weights: Tensor, total: Tensor | float) -> Tensor:
    """The sum of the losses by weight, over the weight of the whole step."""
    return (losses * weights).sum() / total
