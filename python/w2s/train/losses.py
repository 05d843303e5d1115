"""Losses for soft labels: pure functions of logits, targets and training progress, one number per row.

Shapes: logits and targets (n, k); targets are >= 0 and sum to one. An option that a row lacks has a logit of
:data:`MASKED_LOGIT` and a target of 0.

Sources: Burns et al., *Weak-to-strong generalization*, arXiv 2312.09390 (product, log-confidence); the
log-confidence ramp is continuous here, where the original jumps at the end of its warm-up.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MASKED_LOGIT = -1e9
"""The logit of an option that a row lacks; finite, so that 0 times it is 0."""

Loss = Callable[[Tensor, Tensor, float], Tensor]
"""Logits, targets and the share of finished steps, in [0, 1] → losses of shape (n,)."""


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """``-Σ target log p``, in nats, (n,)."""
    return -(targets * torch.log_softmax(logits, -1)).sum(-1)


def kl(logits: Tensor, targets: Tensor) -> Tensor:
    """``Σ target log (target / p)``: the cross-entropy minus the entropy of the target, in nats, (n,)."""
    return cross_entropy(logits, targets) + torch.xlogy(targets, targets).sum(-1)


def product(logits: Tensor, targets: Tensor, *, alpha: float = 1.0, beta: float = 1.0) -> Tensor:
    """Cross-entropy against ``target^alpha p^beta``, normalised and without gradient, (n,)."""
    with torch.no_grad():
        joint = targets.pow(alpha) * torch.softmax(logits, -1).pow(beta)
        total = joint.sum(-1, keepdim=True)
        agreed = torch.where(total > 0, joint / total.clamp_min(torch.finfo(joint.dtype).tiny), targets)
    return cross_entropy(logits, agreed)


def log_confidence(
    logits: Tensor, targets: Tensor, done: float, *, share: float = 0.5, warm_up: float = 0.1
) -> Tensor:
    """Cross-entropy against a mixture of the target and the model's own hardened prediction, (n,).

    The weight of the own prediction grows linearly from 0 to ``share`` over the first ``warm_up`` of the
    training. With two options, predictions are hardened at the quantile that keeps the balance of the
    targets; with more, at the most likely option.
    """
    own = share * ramp(done, warm_up)
    mixed = (1.0 - own) * targets + own * _hardened(logits.detach(), targets)
    return cross_entropy(logits, mixed)


def ramp(done: float, warm_up: float) -> float:
    """Linear from 0 at the start to 1 at ``warm_up``, then 1."""
    return 1.0 if done >= warm_up else done / warm_up


def _hardened(logits: Tensor, targets: Tensor) -> Tensor:
    probs = torch.softmax(logits, -1)
    if probs.shape[-1] != 2:
        return torch.nn.functional.one_hot(probs.argmax(-1), probs.shape[-1]).to(probs.dtype)
    first = probs[:, 0] >= torch.quantile(probs[:, 0], targets[:, 1].mean())
    return torch.stack([first, ~first], -1).to(probs.dtype)


LOSSES: dict[str, Loss] = {
    "cross_entropy": lambda logits, targets, _: cross_entropy(logits, targets),
    "kl": lambda logits, targets, _: kl(logits, targets),
    "product": lambda logits, targets, _: product(logits, targets),
    "log_confidence": log_confidence,
}
"""Losses by the name in the settings."""
