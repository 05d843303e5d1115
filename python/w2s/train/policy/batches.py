"""Rows of a training as tensors, one step at a time.

Knows nothing about nets or optimizers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s import kernels
from w2s.models.policy.config import PolicyConfig
from w2s.tasks import MoveExample
from w2s.train.losses import NOTHING
from w2s.train.policy.targets import Targets
from w2s.train.rows import Rows


@dataclass(frozen=True, slots=True)
class Batch:
    """n rows with at most k legal moves each, on the device.

    Attributes:
        planes: float32, (n, channels, rows, columns).
        entries: int64, (n, k): the policy entry of each legal move, 0 where there is none.
        there: bool, (n, k): whether there is one.
        targets: float32, (n, k).
        weights: float32, (n,).
    """

    planes: Tensor
    entries: Tensor
    there: Tensor
    targets: Tensor
    weights: Tensor

    def logits(self, policy: Tensor) -> Tensor:
        """Logits of the legal moves, float32, (n, k), from a policy (n, entries)."""
        return policy.float().gather(1, self.entries).masked_fill(~self.there, NOTHING)


class Batches:
    """Batches of any rows of a training."""

    def __init__(self, rows: Rows, targets: Targets, config: PolicyConfig, device: torch.device) -> None:
        positions = cast(Sequence[MoveExample], rows.examples)
        self._cores = [example.state._core for example in positions]
        self._targets = targets
        self._config = config
        self._device = device

    def of(self, rows: npt.NDArray[np.int64] | Sequence[int]) -> Batch:
        """The batch of these rows, in their order."""
        encoded = kernels.encode(self._config.game, [self._cores[row] for row in rows], self._config.view)
        counts = np.diff(encoded.offsets)
        there = np.arange(counts.max()) < counts[:, None]
        entries = np.zeros(there.shape, np.int64)
        entries[there] = encoded.indices
        targets = np.zeros(there.shape, np.float32)
        for i, row in enumerate(rows):
            span = slice(self._targets.offsets[row], self._targets.offsets[row + 1])
            targets[i, self._targets.places[span]] = self._targets.probs[span]
        planes = torch.from_numpy(encoded.planes).to(self._device, memory_format=torch.channels_last)
        numbers = (entries, there, targets, self._targets.weights[np.asarray(rows)])
        return Batch(planes, *(torch.from_numpy(array).to(self._device) for array in numbers))
