"""Losses of soft labels: pure functions of logits, targets and the share of the training that is done.

Knows nothing about nets, steps or rows. Every loss gives one number a row, so that rows can be weighted.
Shapes: logits and targets (n, k), targets from 0 on with sum one; an option that is not there has a logit of
:data:`NOTHING` and a target of 0.

Sources: Burns et al., *Weak-to-strong generalization*, arXiv 2312.09390 (product, log-confidence); the
log-confidence ramp is continuous here, where the original jumps at the end of its warm-up.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

NOTHING = -1e9
"""The logit of an option that is not there; finite, so that nothing times it is nothing."""

Loss = Callable[[Tensor, Tensor, float], Tensor]
"""Logits, targets and the share of the steps that are done, in [0, 1] → (n,)."""


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """``-Σ target log p``, in nats, (n,)."""
    return -(targets * torch.log_softmax(logits, -1)).sum(-1)


def kl(logits: Tensor, targets: Tensor) -> Tensor:
    """``Σ target log (target / p)``, the cross-entropy less the entropy of the target, in nats, (n,)."""
    return cross_entropy(logits, targets) + torch.xlogy(targets, targets).sum(-1)


def product(logits: Tensor, targets: Tensor, *, alpha: float = 1.0, beta: float = 1.0) -> Tensor:
    """Cross-entropy against ``target^alpha p^beta``, made to sum one and held fixed, (n,)."""
    with torch.no_grad():
        joint = targets.pow(alpha) * torch.softmax(logits, -1).pow(beta)
        total = joint.sum(-1, keepdim=True)
        agreed = torch.where(total > 0, joint / total.clamp_min(torch.finfo(joint.dtype).tiny), targets)
    return cross_entropy(logits, agreed)


def log_confidence(
    logits: Tensor, targets: Tensor, done: float, *, share: float = 0.5, warm_up: float = 0.1
) -> Tensor:
    """Cross-entropy against a mixture of the target and the model's own hardened answer, (n,).

    The share of the own answer grows from 0 evenly to ``share`` while the first ``warm_up`` of the training
    is done. Two options are hardened at the quantile that keeps the targets' balance, more at the likeliest.
    """
    own = share * ramp(done, warm_up)
    mixed = (1.0 - own) * targets + own * _hardened(logits.detach(), targets)
    return cross_entropy(logits, mixed)


def ramp(done: float, warm_up: float) -> float:
    """From 0 at the beginning evenly to 1 when ``warm_up`` of the training is done, then 1."""
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
"""By the name that :class:`w2s.train.Settings` takes."""
