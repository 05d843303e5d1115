"""A training at some step as one file, so that it goes on where it was killed.

Knows nothing about rows. The file is safetensors, written as a whole: a kill leaves the one before.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from w2s.errors import DataError
from w2s.resume import write_bytes
from w2s.train.identity import check_identity

CHECKPOINT = "checkpoint.safetensors"
_NET, _BEST, _STATE = "net.", "best.", "optimizer."


@dataclass(slots=True)
class Progress:
    """How far a training is.

    Attributes:
        identity: of the student, the rows and the settings.
        step: steps done.
        losses: loss on the rows held back after each epoch; empty where none are.
        best_epoch: the epoch that is kept, from 0, None where none is yet.
        epoch_loss: sum of the losses of the epoch so far, and its rows.
    """

    identity: str
    step: int = 0
    losses: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    epoch_loss: tuple[float, int] = (0.0, 0)


Best = dict[str, Tensor]
"""The weights of the epoch that is kept; empty where none is yet."""


def write_checkpoint(
    folder: Path, progress: Progress, net: nn.Module, optimizer: torch.optim.Optimizer, best: Best
) -> None:
    """Write the training's state into a folder."""
    tensors = {_NET + name: tensor for name, tensor in net.state_dict().items()}
    tensors |= {_BEST + name: tensor for name, tensor in best.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"{_STATE}{number}.{name}": tensor for name, tensor in state.items()}
    here = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / CHECKPOINT, save(here, metadata={"progress": json.dumps(asdict(progress))}))


def read_checkpoint(
    folder: Path, identity: str, net: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, Best]:
    """Put the training's state back, where there is a checkpoint; else the training is at its beginning.

    Raises:
        UsageError: the checkpoint is of another training.
        DataError: it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return Progress(identity), {}
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "train-checkpoint-damaged", f"{path} is damaged ({error}); remove it to start again"
        ) from None
    progress = Progress(**{**told, "epoch_loss": tuple(told["epoch_loss"])})
    check_identity(progress.identity, identity, folder)
    net.load_state_dict(_below(tensors, _NET))
    _restore(optimizer, _below(tensors, _STATE))
    return progress, _below(tensors, _BEST)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, what = name.partition(".")
        state.setdefault(int(number), {})[what] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
