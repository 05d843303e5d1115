"""The processes that train one student: each does its share of every step, and all have the same net.

Knows nothing about rows or losses. One process alone computes what it would without this file, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed, nn

from w2s.train.launch import device_rank, process_count, process_rank

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that a launcher started.

    Attributes:
        count: how many there are.
        rank: which of them this is, from 0.
    """

    count: int = 1
    rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this one writes the files."""
        return self.rank == 0

    def share(self, rows: Positions) -> Positions:
        """The rows of a step that this process computes: none where there are fewer rows than processes."""
        return np.array_split(rows, self.count)[self.rank]

    def add_up(self, net: nn.Module, loss: float) -> float:
        """Add up gradients and losses of all shares; statistics of norms become their mean.

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

    def agreed(self, value: float) -> float:
        """The first process's number, for all."""
        if self.count == 1:
            return value
        (total,) = _summed(
            [torch.tensor(value if self.is_first else 0.0, dtype=torch.float64, device=_device())]
        )
        return float(total)

    def wait(self) -> None:
        """Go on when all are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def processes(device: torch.device) -> Iterator[Processes]:
    """The processes that a launcher started, connected; this one alone without a launcher."""
    count = process_count()
    if count == 1:
        yield Processes()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device_rank())
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(count, process_rank())
    finally:
        distributed.destroy_process_group()


def _gradient(parameter: nn.Parameter) -> torch.Tensor:
    """Zeros where no row of the step was ours."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _summed(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Each tensor's sum over all processes, in one message."""
    flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
