"""The state of a transformers trainer in safetensors and JSON files, where transformers would pickle.

Weights may be sharded over processes by FSDP. All processes gather and scatter them together; process 0 holds
what is gathered.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.checkpoint import state_dict
from torch.distributed.checkpoint.state_dict import StateDictOptions

from w2s.errors import UsageError
from w2s.files import atomic_file, remove, write_json
from w2s.resume import Record
from w2s.train.progress import StepCallback, TrainStep, refuse_other_training

OptimizerState = Mapping[str, Mapping[str, Tensor]]
"""The tensors of an optimizer, by weight and then by name."""

_GATHER = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
_SCATTER = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=False)

WEIGHTS, OPTIMIZER, SCHEDULER = "weights.safetensors", "optimizer.safetensors", "scheduler.json"
DONE = "done.json"
"""The record of a checkpoint, written last: a checkpoint without it is incomplete and not used."""


@dataclass
class LanguageProgress:
    """What a training has found, in addition to the state of its trainer.

    Attributes:
        losses: loss on the held-out rows after each epoch.
        best_epoch: the epoch with the least such loss, from 0; None where no rows are held out.
        loss: loss of the last step.
        first_loss: loss of the first step; None before it.
    """

    losses: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    loss: float = 0.0
    first_loss: float | None = None


class PlainStateTrainer:
    """A mixin for trainers of transformers; it comes first among the base classes.

    Attributes:
        inputs: the inputs of the whole training; part of every checkpoint.
        progress: what the training has found.
        checkpoint_s: seconds between checkpoints.
    """

    inputs: Record
    progress: LanguageProgress
    checkpoint_s: float
    args: Any
    state: Any
    model: Any
    accelerator: Any
    optimizer: Any
    lr_scheduler: Any
    is_fsdp_enabled: bool
    _tr_loss: Any

    def run(self, out: Path) -> None:
        """Train to the end, from the last checkpoint if there is one.

        Raises:
            UsageError: the checkpoints in the folder belong to another training, or this is FSDP version 1,
                which hides the names of weights.
        """
        if self.is_fsdp_enabled and not self.accelerator.is_fsdp2:
            raise UsageError(
                "train-fsdp-version", "FSDP version 1 is not supported; launch with --fsdp_version 2"
            )
        folder = Path(self.args.output_dir)
        if self.args.should_save:
            _remove_incomplete(folder)
        checkpoint = _last_checkpoint(folder)
        found = None if checkpoint is None else Record.read(checkpoint / DONE)
        if found is not None:
            refuse_other_training(found, self.inputs, out)
            self.progress = LanguageProgress(**found.facts)
        self.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))  # type: ignore[attr-defined]

    def end_epoch(self, epoch: int) -> bool:
        """Called after every epoch, from 0; True ends the training."""
        del epoch
        return False

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            Record(self.inputs.inputs, asdict(self.progress)).write(folder / DONE)

    def trainable_weights(self) -> Mapping[str, Tensor]:
        """The trainable weights by name; with FSDP all processes call this, and process 0 has them."""
        if self.is_fsdp_enabled:
            return gather_weights(self.model)
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def load_weights(self, path: Path) -> None:
        """Load trainable weights from a file."""
        if self.is_fsdp_enabled:
            scatter_weights(self.model, load_file(path) if self.args.should_save else {})
        else:
            self.model.load_state_dict(load_file(path), strict=False)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the weights of a checkpoint."""
        if not self.is_fsdp_enabled:
            super().save_model(output_dir, _internal_call)  # type: ignore[misc]
            return
        weights = self.trainable_weights()
        if self.args.should_save:
            write_weights(Path(output_dir or self.args.output_dir) / WEIGHTS, weights)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self.is_fsdp_enabled:
            self.load_weights(Path(resume_from_checkpoint) / WEIGHTS)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write the weights alone; transformers would pickle its arguments as well."""
        if self.args.should_save:
            self.accelerator.unwrap_model(self.model).save_pretrained(output_dir, state_dict=state_dict)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        optimizer = self.optimizer.optimizer  # accelerate's wrapper cannot be gathered
        state = (
            gather_optimizer_state(self.model, optimizer)
            if self.is_fsdp_enabled
            else {str(number): one for number, one in optimizer.state_dict()["state"].items()}
        )
        if self.args.should_save:
            _write_optimizer(Path(output_dir), state, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        optimizer = self.optimizer.optimizer
        state, rates = _read_optimizer(Path(checkpoint), self.lr_scheduler)
        if self.is_fsdp_enabled:
            scatter_optimizer_state(self.model, optimizer, state, rates)
        else:
            _load_optimizer_state(optimizer, state, rates)

    def _save_rng_state(self, output_dir: str) -> None:
        _write_rng_state(Path(output_dir), self.args.process_index)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            _read_rng_state(Path(checkpoint), self.args.process_index)


class StepHandler(transformers.TrainerCallback):  # type: ignore[misc]
    """Reports steps, requests checkpoints by the clock, and ends epochs."""

    def __init__(self, trainer: PlainStateTrainer, progress: StepCallback | None) -> None:
        self._trainer, self._progress = trainer, progress
        self._last_checkpoint = time.monotonic()

    def on_epoch_begin(
        self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any
    ) -> Any:
        """Before every epoch: if batches are skipped, only this call sets the epoch of a sharded sampler."""
        train_dataloader.set_epoch(int(state.epoch))
        return control

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """After every step."""
        # The trainer adds up losses until it logs them, which it never does: the sum is the loss of this
        # step, on each device that of its own rows.
        trainer = self._trainer
        trainer.progress.loss = float(trainer.accelerator.reduce(trainer._tr_loss, "mean"))
        if state.global_step == 1:
            trainer.progress.first_loss = trainer.progress.loss
        trainer._tr_loss.zero_()
        if self._progress is not None:
            self._progress(TrainStep(state.global_step, state.max_steps, trainer.progress.loss))
        # At the end of an epoch the held-out rows come first, so that a checkpoint knows all its epochs.
        if not float(state.epoch).is_integer():
            self._save_when_due(control)
        return control

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """After every epoch."""
        if self._trainer.end_epoch(round(state.epoch) - 1):
            control.should_training_stop = True
        if state.global_step < state.max_steps and not control.should_training_stop:
            self._save_when_due(control)
        return control

    def _save_when_due(self, control: Any) -> None:
        """If the time has come in one process, all write, because they gather their shards together."""
        due = torch.tensor(float(time.monotonic() - self._last_checkpoint >= self._trainer.checkpoint_s))
        accelerator = self._trainer.accelerator
        if float(accelerator.reduce(due.to(accelerator.device), "sum")) > 0:
            control.should_save = True
            self._last_checkpoint = time.monotonic()


# Files ------------------------------------------------------------------------------------------------------


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write weights by name atomically as safetensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as part:
        save_file({name: weight.detach().cpu().contiguous() for name, weight in weights.items()}, part)


def _write_optimizer(folder: Path, state: OptimizerState, scheduler: Any) -> None:
    tensors = {
        f"{weight}.{name}": tensor.detach().cpu().contiguous()
        for weight, tensors in state.items()
        for name, tensor in tensors.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / OPTIMIZER)
    write_json(
        folder / SCHEDULER, {name: one for name, one in scheduler.state_dict().items() if _is_json(one)}
    )


def _read_optimizer(folder: Path, scheduler: Any) -> tuple[OptimizerState, list[float]]:
    """The state of the optimizer and the learning rate of each group; the scheduler is restored."""
    state: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_file(folder / OPTIMIZER).items():
        weight, _, name = key.rpartition(".")
        state.setdefault(weight, {})[name] = tensor
    schedule = json.loads((folder / SCHEDULER).read_bytes())
    scheduler.load_state_dict({**scheduler.state_dict(), **schedule})
    return state, schedule["_last_lr"]


def _load_optimizer_state(
    optimizer: torch.optim.Optimizer, state: OptimizerState, rates: list[float]
) -> None:
    groups = optimizer.state_dict()["param_groups"]
    with_rates = [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
    numbered = {int(number): one for number, one in state.items()}
    optimizer.load_state_dict({"state": numbered, "param_groups": with_rates})


def _write_rng_state(folder: Path, process: int) -> None:
    """Write the random state of one process."""
    name, keys, place, has_gauss, cached = np.random.get_state()
    version, internal, gauss = random.getstate()
    tensors = {"torch": torch.random.get_rng_state(), "numpy": torch.from_numpy(np.asarray(keys, np.int64))}
    if torch.cuda.is_available():
        tensors["cuda"] = torch.cuda.get_rng_state()
    state = {"numpy": [name, int(place), int(has_gauss), float(cached)], "python": [version, internal, gauss]}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / _rng_file(process), metadata={"state": json.dumps(state)})


def _read_rng_state(folder: Path, process: int) -> None:
    """Restore the random state of one process, if it has a file: there may have been fewer processes."""
    path = folder / _rng_file(process)
    if not path.exists():
        return
    with safe_open(path, "pt") as file:
        state = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    name, place, has_gauss, cached = state["numpy"]
    np.random.set_state((name, tensors["numpy"].numpy().astype(np.uint32), place, has_gauss, cached))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    torch.random.set_rng_state(tensors["torch"])
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])


def _rng_file(process: int) -> str:
    return f"rng-{process}.safetensors"


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{DONE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _remove_incomplete(folder: Path) -> None:
    """Remove incomplete checkpoints, which would count as the newest of those that are kept."""
    for path in folder.glob("checkpoint-*"):
        if not (path / DONE).exists():
            remove(path)


def _is_json(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float | bool)


# Sharded weights ------------------------------------------------------------------------------------------


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
    state: OptimizerState = _gathered_optimizer(network, optimizer).get("state", {})
    return state


def scatter_optimizer_state(network: Any, optimizer: Any, state: OptimizerState, rates: list[float]) -> None:
    """Load the state that process 0 holds into all processes, with the learning rate of each group."""
    groups = _gathered_optimizer(network, optimizer).get("param_groups")
    given: dict[str, Any] = {}
    if groups is not None:
        with_rates = [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]
        given = {"state": state, "param_groups": with_rates}
    state_dict.set_optimizer_state_dict(network, optimizer, given, options=_SCATTER)


def _gathered_optimizer(network: Any, optimizer: Any) -> dict[str, Any]:
    return dict(state_dict.get_optimizer_state_dict(network, optimizer, options=_GATHER))
