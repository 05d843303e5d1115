"""The net of a training: loaded from its reference, and saved with the state of its training.

A checkpoint is one safetensors file, from which a killed training continues.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from w2s.errors import DataError, UsageError
from w2s.files import write_bytes
from w2s.models.lc0.loading import load_lc0_net
from w2s.models.policy.files import from_pretrained
from w2s.models.policy.loading import policy_folder
from w2s.models.policy.nets import PolicyNet
from w2s.models.reference import quote, resolve_reference
from w2s.resume import Record
from w2s.train.progress import refuse_other_training


def load_student(reference: str) -> PolicyNet:
    """The net that a reference names, on the CPU, in float32.

    Raises:
        UsageError: the model is not a policy net.
        ModelError: the net cannot be loaded.
        DataError: its files are invalid.
    """
    parsed = resolve_reference(reference)
    if parsed.kind == "policy":
        return from_pretrained(policy_folder(parsed))
    if parsed.kind == "lc0":
        return load_lc0_net(parsed)
    raise UsageError(
        "train-student-cannot-learn",
        f"{quote(reference)} cannot be trained; name policy:DIR, lc0:FILE.pb.gz or a language model, hf:DIR",
    )


def net_digest(net: PolicyNet) -> str:
    """A digest of the configuration and the weights of a net."""
    digest = hashlib.blake2b(net.config.text().encode(), digest_size=16)
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


# Checkpoints ----------------------------------------------------------------------------------------------


CHECKPOINT = "checkpoint.safetensors"
_NET, _BEST, _STATE = "net.", "best.", "optimizer."


@dataclass(slots=True)
class PolicyProgress:
    """How far a training has come.

    Attributes:
        step: number of finished steps.
        losses: loss on the held-out rows after each epoch; empty where there are none.
        best_epoch: the epoch with the least such loss, from 0; None before the first.
        epoch_loss: sum of the losses of the rows of this epoch so far, and the number of these rows.
        first_loss: loss of the first step; None before it.
    """

    step: int = 0
    losses: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    epoch_loss: tuple[float, int] = (0.0, 0)
    first_loss: float | None = None


Weights = dict[str, Tensor]
"""The weights of a net by name."""


def write_checkpoint(
    folder: Path,
    training: Record,
    progress: PolicyProgress,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: Weights,
) -> None:
    """Write the state of a training atomically; ``best`` holds the weights of the best epoch, or nothing."""
    tensors = {_NET + name: tensor for name, tensor in net.state_dict().items()}
    tensors |= {_BEST + name: tensor for name, tensor in best.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"{_STATE}{number}.{name}": tensor for name, tensor in state.items()}
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"inputs": json.dumps(dict(training.inputs)), "progress": json.dumps(asdict(progress))}
    write_bytes(folder / CHECKPOINT, save(on_cpu, metadata=metadata))


def read_checkpoint(
    folder: Path, training: Record, net: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[PolicyProgress, Weights]:
    """Restore the state of a training from its checkpoint, if there is one.

    Returns:
        The progress, and the weights of the best epoch, or nothing.

    Raises:
        UsageError: the checkpoint belongs to another training.
        DataError: it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return PolicyProgress(), {}
    try:
        with safe_open(path, framework="pt") as file:
            inputs, state = (json.loads(file.metadata()[name]) for name in ("inputs", "progress"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "train-checkpoint-damaged", f"{path} is damaged ({error}); remove it to start again"
        ) from None
    refuse_other_training(Record(inputs), training, folder)
    net.load_state_dict(_with_prefix(tensors, _NET))
    _restore(optimizer, _with_prefix(tensors, _STATE))
    progress = PolicyProgress(**{**state, "epoch_loss": tuple(state["epoch_loss"])})
    return progress, _with_prefix(tensors, _BEST)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, what = name.partition(".")
        state.setdefault(int(number), {})[what] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
