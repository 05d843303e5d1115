"""The order of rows where several processes learn: the last pass is filled with a row that weighs nothing.

Knows nothing about what a row is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


class Filled(Sampler[int]):
    """Every row once, in an order by seed and epoch, then ``count`` itself until all passes are whole.

    Launchers fill the last pass with rows from the beginning, which would count twice.

    Args:
        count: rows; the place behind them holds the one that weighs nothing.
        together: rows of one pass of all processes.
        seed: decides the order.
    """

    def __init__(self, count: int, together: int, seed: int) -> None:
        self._count, self._together, self._seed, self._epoch = count, together, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called before every epoch, after a kill too."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Places of rows."""
        order = np.random.default_rng([self._seed, 1, self._epoch]).permutation(self._count)
        yield from order.tolist()
        yield from [self._count] * (len(self) - self._count)

    def __len__(self) -> int:
        """How many rows an epoch deals, filled up."""
        return -(-self._count // self._together) * self._together
