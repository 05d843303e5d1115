"""The state of a trainer as plain files: safetensors and JSON, where transformers would pickle.

Knows nothing about rows or losses.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from w2s.resume import write_bytes

States = Mapping[str, Mapping[str, Tensor]]
"""What an optimizer remembers, by weight and then by name."""
OPTIMIZER, SCHEDULER = "optimizer.safetensors", "scheduler.json"
DONE = "done.json"
"""Written last: a checkpoint without it was cut off, and is not used."""


def states_of(optimizer: torch.optim.Optimizer) -> States:
    """Moments and steps of an optimizer, by the number of each weight."""
    return {str(number): state for number, state in optimizer.state_dict()["state"].items()}


def put_states(optimizer: torch.optim.Optimizer, states: States, rates: list[float]) -> None:
    """What :func:`states_of` gave, with the learning rate of each group."""
    groups = optimizer.state_dict()["param_groups"]
    told = [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
    optimizer.load_state_dict(
        {"state": {int(name): state for name, state in states.items()}, "param_groups": told}
    )


def write_optimizer(folder: Path, states: States, scheduler: Any) -> None:
    """What an optimizer remembers, and where its schedule stands."""
    tensors = {
        f"{name}.{what}": tensor.detach().cpu().contiguous()
        for name, state in states.items()
        for what, tensor in state.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / OPTIMIZER)
    stands = {name: value for name, value in scheduler.state_dict().items() if _is_plain(value)}
    write_bytes(folder / SCHEDULER, json.dumps(stands).encode())


def read_optimizer(folder: Path, scheduler: Any) -> tuple[States, list[float]]:
    """What :func:`write_optimizer` wrote; the schedule is told, states and rates come back."""
    states: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_file(folder / OPTIMIZER).items():
        name, _, what = key.rpartition(".")
        states.setdefault(name, {})[what] = tensor
    stands = json.loads((folder / SCHEDULER).read_bytes())
    scheduler.load_state_dict({**scheduler.state_dict(), **stands})
    return states, stands["_last_lr"]


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Weights by name, the whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file({name: weight.detach().cpu().contiguous() for name, weight in weights.items()}, part)
    part.replace(path)


def write_draws(folder: Path, process: int) -> None:
    """What decides the draws to come, of one process."""
    name, keys, place, has_gauss, cached = np.random.get_state()
    version, internal, gauss = random.getstate()
    tensors = {"torch": torch.random.get_rng_state(), "numpy": torch.from_numpy(np.asarray(keys, np.int64))}
    if torch.cuda.is_available():
        tensors["cuda"] = torch.cuda.get_rng_state()
    told = {"numpy": [name, int(place), int(has_gauss), float(cached)], "python": [version, internal, gauss]}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / _draws(process), metadata={"state": json.dumps(told)})


def read_draws(folder: Path, process: int) -> None:
    """What :func:`write_draws` wrote; nothing where this process has no file, as when there were fewer."""
    path = folder / _draws(process)
    if not path.exists():
        return
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        told = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    name, place, has_gauss, cached = told["numpy"]
    np.random.set_state((name, tensors["numpy"].numpy().astype(np.uint32), place, has_gauss, cached))
    version, internal, gauss = told["python"]
    random.setstate((version, tuple(internal), gauss))
    torch.random.set_rng_state(tensors["torch"])
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{DONE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def remove_unfinished(folder: Path) -> None:
    """Remove checkpoints that were cut off: they would count as the newest of those that are kept."""
    for path in folder.glob("checkpoint-*"):
        if not (path / DONE).exists():
            shutil.rmtree(path)


def _draws(process: int) -> str:
    return f"draws-{process}.safetensors"


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float | bool)
