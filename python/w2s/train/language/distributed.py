"""Training of a language model in several processes: the order of rows, and weights sharded by FSDP.

All processes call the functions of this module together; process 0 holds what is gathered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.distributed.checkpoint import state_dict
from torch.distributed.checkpoint.state_dict import StateDictOptions
from torch.utils.data import Sampler

OptimizerState = Mapping[str, Mapping[str, Tensor]]
"""The tensors of an optimizer, by weight and then by name."""

_GATHER = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
_SCATTER = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=False)


class PaddedSampler(Sampler[int]):
    """Every row once, in an order by seed and epoch, then the row ``count``, until all passes are complete.

    Launchers would fill the last pass with rows from the start of the epoch, which would then count twice.

    Args:
        count: number of rows; the row behind them has weight 0.
        pass_size: rows of one pass of all processes.
        seed: random seed of the order.
    """

    def __init__(self, count: int, pass_size: int, seed: int) -> None:
        self._count, self._pass_size, self._seed, self._epoch = count, pass_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called before every epoch, also after a kill."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Row numbers."""
        order = np.random.default_rng([self._seed, 1, self._epoch]).permutation(self._count)
        yield from order.tolist()
        yield from [self._count] * (len(self) - self._count)

    def __len__(self) -> int:
        """Number of rows of an epoch, with padding."""
        return -(-self._count // self._pass_size) * self._pass_size


def gather_weights(network: Any) -> dict[str, Tensor]:
    """The trainable weights by name, in process 0; nothing in the others."""
    weights: dict[str, Any] = state_dict.get_model_state_dict(network, options=_GATHER)
    tied = set(getattr(network, "all_tied_weights_keys", None) or {})  # second names of the same weights
    return {name: weight for name, weight in weights.items() if name not in tied}


def scatter_weights(network: Any, weights: Mapping[str, Tensor]) -> None:
    """Load weights that process 0 holds into the shards of all processes; other weights stay."""
    given: dict[str, Any] = dict(weights)
    state_dict.set_model_state_dict(network, given, options=_SCATTER)


def gather_optimizer_state(network: Any, optimizer: Any) -> OptimizerState:
    """The state of the optimizer, in process 0; nothing in the others."""
    state: OptimizerState = _optimizer(network, optimizer).get("state", {})
    return state


def scatter_optimizer_state(network: Any, optimizer: Any, state: OptimizerState, rates: list[float]) -> None:
    """Load the state that process 0 holds into all processes, with the learning rate of each group."""
    groups = _optimizer(network, optimizer).get("param_groups")
    given: dict[str, Any] = {}
    if groups is not None:
        with_rates = [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
        given = {"state": state, "param_groups": with_rates}
    state_dict.set_optimizer_state_dict(network, optimizer, given, options=_SCATTER)


def _optimizer(network: Any, optimizer: Any) -> dict[str, Any]:
    return dict(state_dict.get_optimizer_state_dict(network, optimizer, options=_GATHER))
