"""Logits → log-probabilities of tokens, and states → vectors as files keep them.

Knows nothing about networks: pure numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s.errors import ModelError

Vector = npt.NDArray[np.float16]
_LARGEST_HALF = float(np.finfo(np.float16).max)
_AT_ONCE = 2**24


def log_probs_at(logits: Tensor, targets: Tensor) -> npt.NDArray[np.float64]:
    """Log-probabilities (n, k) of tokens (n, k) under logits (n, k or 1, vocabulary), in nats.

    A few rows at a time: in float32 the logits of a pass can take more room than the network.
    """
    rows = max(1, _AT_ONCE // max(1, logits[0].numel()))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(logits), rows):
            numbers = logits[start : start + rows].float()
            wanted = targets[start : start + rows].to(numbers.device)
            parts.append(_taken(numbers, wanted) - numbers.logsumexp(-1))
        found: npt.NDArray[np.float64] = torch.cat(parts).cpu().double().numpy()
    return np.minimum(found, 0.0)


def _taken(numbers: Tensor, wanted: Tensor) -> Tensor:
    if numbers.shape[1] == 1:
        return numbers[:, 0].gather(1, wanted)
    return numbers.gather(-1, wanted[..., None])[..., 0]


def log_odds(logits: Tensor, yes: set[int], no: set[int]) -> npt.NDArray[np.float64]:
    """Log-odds (n,) that one of some tokens comes next and not one of others; logits (n, vocabulary)."""
    numbers = logits.double()
    with torch.inference_mode():
        found: npt.NDArray[np.float64] = (
            (numbers[:, sorted(yes)].logsumexp(-1) - numbers[:, sorted(no)].logsumexp(-1)).cpu().numpy()
        )
    return found


def refuse_nan(name: str, log_probs: Sequence[float] | npt.NDArray[np.float64]) -> None:
    """Refuse log-probabilities that are no numbers: the network ran over in its dtype.

    Raises:
        ModelError: names the example and the remedy.
    """
    if np.isnan(log_probs).any():
        raise ModelError(
            "hf-numeric-overflow",
            f"the network computes NaN for example {name!r}; use dtype=float32 or dtype=bfloat16, which have "
            "a larger range",
        )


def half(states: Tensor) -> Vector:
    """States as float16, what it cannot hold at its bounds."""
    found: Vector = states.float().clamp(-_LARGEST_HALF, _LARGEST_HALF).half().cpu().numpy()
    return found
