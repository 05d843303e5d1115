"""A trainer of transformers whose state lies on disk without pickles, and who is told of steps and epochs.

Knows nothing about what is learned.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file
from torch import Tensor

from w2s.errors import UsageError
from w2s.resume import write_bytes
from w2s.train.identity import check_identity
from w2s.train.language import checkpoints, sharded
from w2s.train.step import Step, Watch

WEIGHTS = "weights.safetensors"
"""Of a checkpoint of weights that are dealt out."""


@dataclass
class Progress:
    """What a training has found out so far, beside the state of its trainer.

    Attributes:
        losses: of the rows held back, after each epoch.
        best_epoch: the epoch that is kept, from 0; None where no rows are held back.
        loss: of the last step.
    """

    losses: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    loss: float = 0.0


class PlainState:
    """What a trainer of transformers gains by being this too, named before it among its bases.

    Attributes:
        identity: of the whole training; stands in every checkpoint.
        progress: beside the state of the trainer.
        checkpoint_s: seconds between checkpoints.
    """

    identity: str
    progress: Progress
    checkpoint_s: float
    args: Any
    state: Any
    model: Any
    accelerator: Any
    optimizer: Any
    lr_scheduler: Any
    is_fsdp_enabled: bool
    _tr_loss: Any

    def go(self, out: Path) -> None:
        """Train to the end, from the last checkpoint where there is one.

        Raises:
            UsageError: the checkpoints in the folder are of another training, or FSDP is of a version whose
                weights have no names.
        """
        if self.is_fsdp_enabled and not self.accelerator.is_fsdp2:
            raise UsageError(
                "train-fsdp-version", "FSDP version 1 is not supported; launch with --fsdp_version 2"
            )
        folder = Path(self.args.output_dir)
        if self.args.should_save:
            checkpoints.remove_unfinished(folder)
        at = checkpoints.last_checkpoint(folder)
        if at is not None:
            told = json.loads((at / checkpoints.DONE).read_bytes())
            check_identity(told.pop("identity"), self.identity, out)
            self.progress = Progress(**told)
        self.train(resume_from_checkpoint=None if at is None else str(at))  # type: ignore[attr-defined]

    def end_epoch(self, epoch: int) -> bool:
        """Called after every epoch, from 0; whether that is enough."""
        del epoch
        return False

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            told = {"identity": self.identity, **asdict(self.progress)}
            write_bytes(folder / checkpoints.DONE, json.dumps(told).encode())

    def learned_weights(self) -> Mapping[str, Tensor]:
        """The weights that learn, by name; where they are dealt out, all processes call this and the first
        one has them."""
        if self.is_fsdp_enabled:
            return sharded.gathered_weights(self.model)
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def put_weights(self, path: Path) -> None:
        """Weights of a file that :meth:`learned_weights` gave."""
        if self.is_fsdp_enabled:
            sharded.deal_weights(self.model, load_file(path) if self.args.should_save else {})
        else:
            self.model.load_state_dict(load_file(path), strict=False)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """The weights, for a checkpoint."""
        if not self.is_fsdp_enabled:
            super().save_model(output_dir, _internal_call)  # type: ignore[misc]
            return
        weights = self.learned_weights()
        if self.args.should_save:
            checkpoints.write_weights(Path(output_dir or self.args.output_dir) / WEIGHTS, weights)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self.is_fsdp_enabled:
            self.put_weights(Path(resume_from_checkpoint) / WEIGHTS)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """The weights alone; transformers would pickle its arguments beside them."""
        if self.args.should_save:
            self.accelerator.unwrap_model(self.model).save_pretrained(output_dir, state_dict=state_dict)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        plain = self.optimizer.optimizer  # what accelerate has around it deals nothing out
        states = (
            sharded.gathered_states(self.model, plain)
            if self.is_fsdp_enabled
            else checkpoints.states_of(plain)
        )
        if self.args.should_save:
            checkpoints.write_optimizer(Path(output_dir), states, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        states, rates = checkpoints.read_optimizer(Path(checkpoint), self.lr_scheduler)
        if self.is_fsdp_enabled:
            sharded.deal_states(self.model, self.optimizer.optimizer, states, rates)
        else:
            checkpoints.put_states(self.optimizer.optimizer, states, rates)

    def _save_rng_state(self, output_dir: str) -> None:
        checkpoints.write_draws(Path(output_dir), self.args.process_index)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            checkpoints.read_draws(Path(checkpoint), self.args.process_index)


class Steps(transformers.TrainerCallback):  # type: ignore[misc]
    """Tells of steps, asks for checkpoints by the clock, and ends epochs."""

    def __init__(self, trainer: PlainState, watch: Watch | None) -> None:
        self._trainer, self._watch = trainer, watch
        self._written = time.monotonic()

    def on_epoch_begin(
        self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any
    ) -> Any:
        """Before every epoch: where batches are skipped, nobody else tells the sampler behind the shards."""
        train_dataloader.set_epoch(int(state.epoch))
        return control

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """After every step."""
        # The trainer adds losses up until it logs them, which it never does: a step's own is what is there,
        # on each device the share of its rows.
        self._trainer.progress.loss = float(self._trainer.accelerator.reduce(self._trainer._tr_loss, "mean"))
        self._trainer._tr_loss.zero_()
        if self._watch is not None:
            self._watch(Step(state.global_step, state.max_steps, self._trainer.progress.loss))
        # At the end of an epoch the rows held back come first: a checkpoint knows of all its epochs.
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
        """Where one process finds that it is time all write: they gather what they hold together."""
        due = torch.tensor(float(time.monotonic() - self._written >= self._trainer.checkpoint_s))
        accelerator = self._trainer.accelerator
        if float(accelerator.reduce(due.to(accelerator.device), "sum")) > 0:
            control.should_save = True
            self._written = time.monotonic()
