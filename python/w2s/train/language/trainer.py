"""A trainer of transformers that weighs its rows, keeps its state without pickles and stops early.

Knows nothing about rows as text or about where a student is written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from w2s.models.policy.files import write_whole
from w2s.train.language import checkpoints
from w2s.train.language.losses import letter_losses, reply_losses, weighted
from w2s.train.language.sequences import Sequence
from w2s.train.language.settings import LanguageSettings
from w2s.train.step import Step, Watch

BEST = "best.safetensors"


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


class WeighingTrainer(transformers.Trainer):  # type: ignore[misc]
    """Trains a network on sequences; every step's loss is the mean of its rows by weight.

    Args:
        network: the network, with an adapter or without.
        arguments: of transformers; their folder holds checkpoints.
        sequences: what is learned.
        held: what is held back.
        collate: sequences → tensors.
        settings: ours.
        identity: of the whole training; stands in every checkpoint.
        watch: told of every step.
    """

    def __init__(
        self,
        network: Any,
        arguments: transformers.TrainingArguments,
        sequences: Many[Sequence],
        held: Many[Sequence],
        collate: Callable[[Many[Sequence]], dict[str, Any]],
        settings: LanguageSettings,
        identity: str,
        watch: Watch | None,
    ) -> None:
        self.settings, self.identity, self.progress = settings, identity, Progress()
        self.held, self.place = held, Path(str(arguments.output_dir))
        super().__init__(
            model=network,
            args=arguments,
            train_dataset=list(sequences),
            data_collator=collate,
            compute_loss_func=self._loss,
            callbacks=[_Steps(self, watch)],
        )
        self.remove_callback(transformers.PrinterCallback)

    def go(self) -> None:
        """Train to the end, from the last checkpoint where there is one."""
        at = checkpoints.last_checkpoint(self.place)
        if at is not None:
            told = json.loads((at / checkpoints.DONE).read_bytes())
            self.progress = Progress(told["losses"], told["best_epoch"])
        self.train(resume_from_checkpoint=None if at is None else str(at))
        if (self.place / BEST).exists() and self.progress.best_epoch is not None:
            self.model.load_state_dict(load_file(self.place / BEST), strict=False)

    def end_epoch(self, epoch: int) -> bool:
        """Ask the rows held back, keep the weights where they are the best; whether that is enough now."""
        if not self.held:
            return False
        losses = self.progress.losses
        losses.append(self._held_back_loss())
        if losses[-1] == min(losses):
            self.progress.best_epoch = epoch
            self._keep()
        best = self.progress.best_epoch
        return best is not None and epoch - best >= self.settings.patience

    def _loss(self, outputs: Any, labels: Mapping[str, Tensor], num_items_in_batch: Any = None) -> Tensor:
        total = labels["weights"].sum() if num_items_in_batch is None else num_items_in_batch
        return weighted(self._losses(outputs.logits, labels), labels["weights"], total)

    def _losses(self, logits: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
        if self.settings.loss == "cross_entropy":
            return reply_losses(logits, labels["tokens"])
        done = self.state.global_step / max(1, self.state.max_steps)
        return letter_losses(logits, labels, self.settings.loss, done)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        """The weight of all rows of a step, over its passes and devices."""
        if not batch_samples:
            return None
        total = torch.stack([batch["labels"]["weights"].sum() for batch in batch_samples]).sum().to(device)
        if self.args.world_size > 1:
            total = self.accelerator.gather(total).sum()
        return total

    def _held_back_loss(self) -> float:
        training = self.model.training
        self.model.eval()
        total = weight = 0.0
        with torch.inference_mode(), self.compute_loss_context_manager():
            for start in range(0, len(self.held), self.settings.together):
                batch = self.data_collator(self.held[start : start + self.settings.together])
                batch = self._prepare_inputs(batch)
                labels = batch.pop("labels")
                losses = self._losses(self.model(**batch).logits, labels)
                total += float((losses * labels["weights"]).sum())
                weight += float(labels["weights"].sum())
        self.model.train(training)
        return total / weight

    def _keep(self) -> None:
        if not self.args.should_save:
            return
        part = self.place / f"{BEST}.part"
        learned = {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}
        save_file({name: weight.detach().cpu().contiguous() for name, weight in learned.items()}, part)
        part.replace(self.place / BEST)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            told = {
                "identity": self.identity,
                "losses": self.progress.losses,
                "best_epoch": self.progress.best_epoch,
            }
            folder = self.place / f"checkpoint-{self.state.global_step}"
            write_whole(folder / checkpoints.DONE, json.dumps(told).encode())

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """The weights alone; transformers would pickle its arguments beside them."""
        if self.args.should_save:
            self.accelerator.unwrap_model(self.model).save_pretrained(output_dir, state_dict=state_dict)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
        elif self.args.should_save:
            checkpoints.write_optimizer(Path(output_dir), self.optimizer, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if self.is_fsdp_enabled:
            super()._load_optimizer_and_scheduler(checkpoint)
        elif checkpoint is not None:
            checkpoints.read_optimizer(Path(checkpoint), self.optimizer, self.lr_scheduler)

    def _save_rng_state(self, output_dir: str) -> None:
        checkpoints.write_draws(Path(output_dir), self.args.process_index)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            checkpoints.read_draws(Path(checkpoint), self.args.process_index)


class _Steps(transformers.TrainerCallback):  # type: ignore[misc]
    """Tells of steps, asks for checkpoints by the clock, and ends epochs."""

    def __init__(self, trainer: WeighingTrainer, watch: Watch | None) -> None:
        self._trainer, self._watch = trainer, watch
        self._written = time.monotonic()
        self._sum = 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """After every step."""
        before, self._sum = self._sum, float(self._trainer._tr_loss)
        self._trainer.progress.loss = self._sum - before
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
        if time.monotonic() - self._written >= self._trainer.settings.checkpoint_s:
            control.should_save = True
            self._written = time.monotonic()
