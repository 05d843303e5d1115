"""Data-parallel training: each process computes its shard of every step, and all hold the same net.

A single process computes exactly what it would compute without this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed, nn

from w2s.train.distributed import device_rank, process_count, process_rank

RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes that a launcher started, as seen from this one.

    Attributes:
        count: number of processes.
        rank: number of this process, from 0.
    """

    count: int = 1
    rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def shard(self, rows: RowNumbers) -> RowNumbers:
        """The rows of a step that this process computes; may be empty."""
        return np.array_split(rows, self.count)[self.rank]

    def all_reduce(self, net: nn.Module, loss: float) -> float:
        """Sum the gradients and losses of all shards, and average the statistics of normalisation layers.

        Returns:
            The loss of the whole step.
        """
        if self.count == 1:
            return loss
        gradients = [_gradient(parameter) for parameter in net.parameters()]
        means = [buffer for buffer in net.buffers() if buffer.is_floating_point()]
        summed = _summed([*gradients, *(mean / self.count for mean in means), gradients[0].new_tensor(loss)])
        with torch.no_grad():
            for tensor, total in zip([*gradients, *means], summed, strict=False):
                tensor.copy_(total)
        return float(summed[-1])

    def broadcast(self, value: float) -> float:
        """The number of process 0, in all processes."""
        if self.count == 1:
            return value
        (total,) = _summed(
            [torch.tensor(value if self.is_main else 0.0, dtype=torch.float64, device=_device())]
        )
        return float(total)

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """Connect the processes that a launcher started; without a launcher, this one alone."""
    count = process_count()
    if count == 1:
        yield ProcessGroup()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device_rank())
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(count, process_rank())
    finally:
        distributed.destroy_process_group()


def _gradient(parameter: nn.Parameter) -> torch.Tensor:
    """The gradient; zeros where this shard was empty."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _summed(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """The sum of each tensor over all processes, in one message."""
    flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
