"""Logits to log-probabilities of tokens, and hidden states to float16 vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s.errors import ModelError

Vector = npt.NDArray[np.float16]
"""A hidden state, (d,), or several, (n, d)."""

OptionScores = npt.NDArray[np.float64]
"""Scores of the options of one question, (k,): log-probabilities or logits."""

_MAX_FLOAT16 = float(np.finfo(np.float16).max)
_MAX_ELEMENTS = 2**24


def log_probs_at(logits: Tensor, targets: Tensor) -> npt.NDArray[np.float64]:
    """Log-probabilities (n, k) of tokens (n, k) under logits (n, k or 1, vocabulary), in nats.

    A few rows at a time: the float32 logits of a batch can need more memory than the network.
    """
    rows = max(1, _MAX_ELEMENTS // max(1, logits[0].numel()))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(logits), rows):
            part = logits[start : start + rows].float()
            wanted = targets[start : start + rows].to(part.device)
            parts.append(_gather(part, wanted) - part.logsumexp(-1))
        found: npt.NDArray[np.float64] = torch.cat(parts).cpu().double().numpy()
    return np.minimum(found, 0.0)


def _gather(logits: Tensor, targets: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return logits[:, 0].gather(1, targets)
    return logits.gather(-1, targets[..., None])[..., 0]


def log_odds(logits: Tensor, yes: set[int], no: set[int]) -> npt.NDArray[np.float64]:
    """Log-odds (n,) that the next token is in ``yes`` and not in ``no``, from logits (n, vocabulary)."""
    exact = logits.double()
    with torch.inference_mode():
        found: npt.NDArray[np.float64] = (
            (exact[:, sorted(yes)].logsumexp(-1) - exact[:, sorted(no)].logsumexp(-1)).cpu().numpy()
        )
    return found


def refuse_nan(name: str, log_probs: Sequence[float] | npt.NDArray[np.float64]) -> None:
    """Refuse NaN: the network overflowed in its dtype.

    Raises:
        ModelError: names the example and the remedy.
    """
    if np.isnan(log_probs).any():
        raise ModelError(
            "hf-numeric-overflow",
            f"the network computes NaN for example {name!r}; use dtype=float32 or dtype=bfloat16, which have "
            "a larger range",
        )


def to_float16(states: Tensor) -> Vector:
    """Hidden states as float16, clipped to its range."""
    found: Vector = states.float().clamp(-_MAX_FLOAT16, _MAX_FLOAT16).half().cpu().numpy()
    return found
