"""What learns, and what its optimizer remembers, where FSDP deals both out to several devices.

Knows nothing about trainers or files. All processes call these together; the first one holds the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.distributed.checkpoint import state_dict as dealt
from torch.distributed.checkpoint.state_dict import StateDictOptions

from w2s.train.language.checkpoints import States

_GATHER = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
_DEAL = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=False)


def gathered_weights(network: Any) -> dict[str, Tensor]:
    """The weights that learn, by name; nothing for other processes than the first."""
    weights: dict[str, Any] = dealt.get_model_state_dict(network, options=_GATHER)
    again = set(getattr(network, "all_tied_weights_keys", None) or {})  # second names of tied weights
    return {name: weight for name, weight in weights.items() if name not in again}


def deal_weights(network: Any, weights: Mapping[str, Tensor]) -> None:
    """Put weights that the first process holds where they belong; the others stay."""
    given: dict[str, Any] = dict(weights)
    dealt.set_model_state_dict(network, given, options=_DEAL)


def gathered_states(network: Any, optimizer: Any) -> States:
    """What the optimizer remembers; nothing for other processes than the first."""
    states: States = _optimizer(network, optimizer).get("state", {})
    return states


def deal_states(network: Any, optimizer: Any, states: States, rates: list[float]) -> None:
    """Put what the first process holds where it belongs, with the learning rate of each group."""
    groups = _optimizer(network, optimizer).get("param_groups")
    given: dict[str, Any] = {}
    if groups is not None:
        told = [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
        given = {"state": states, "param_groups": told}
    dealt.set_optimizer_state_dict(network, optimizer, given, options=_DEAL)


def _optimizer(network: Any, optimizer: Any) -> dict[str, Any]:
    return dict(dealt.get_optimizer_state_dict(network, optimizer, options=_GATHER))
