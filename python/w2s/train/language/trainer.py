"""A trainer that weighs its rows, and stops early where rows are held back.

Knows nothing about rows as text or about where a student is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor

from w2s.train.language.checkpoints import write_weights
from w2s.train.language.dealing import Filled
from w2s.train.language.lessons import Item, Lesson
from w2s.train.language.losses import weighted
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.state import PlainState, Progress, Steps
from w2s.train.step import Watch

BEST = "best.safetensors"


class WeighingTrainer(PlainState, transformers.Trainer):  # type: ignore[misc]
    """Trains a network on a lesson; every step's loss is the mean of its rows by weight.

    Args:
        network: the network, with an adapter or without.
        arguments: of transformers; their folder holds checkpoints.
        lesson: how its items become tensors and losses.
        learned: those of its items that are learned.
        held: those that are held back.
        settings: ours.
        identity: of the whole training; stands in every checkpoint.
        watch: told of every step.
    """

    def __init__(
        self,
        network: Any,
        arguments: transformers.TrainingArguments,
        lesson: Lesson,
        learned: Many[Item],
        held: Many[Item],
        settings: LanguageSettings,
        identity: str,
        watch: Watch | None,
    ) -> None:
        self.identity, self.progress, self.checkpoint_s = identity, Progress(), settings.checkpoint_s
        self.settings, self.lesson, self.held = settings, lesson, held
        several = arguments.world_size > 1
        super().__init__(
            model=network,
            args=arguments,
            train_dataset=[*learned, replace(learned[0], weight=0.0)] if several else list(learned),
            data_collator=lesson.collate,
            compute_loss_func=self._loss,
            callbacks=[Steps(self, watch)],
        )
        self.remove_callback(transformers.PrinterCallback)

    def go(self, out: Path) -> None:
        """Train to the end; the weights of the best epoch are those that stay."""
        super().go(out)
        if self.progress.best_epoch is not None:
            self.put_weights(self._best)

    @property
    def _best(self) -> Path:
        return Path(self.args.output_dir) / BEST

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        args = self.args
        if args.world_size == 1:
            return super()._get_train_sampler(train_dataset)
        together = args.per_device_train_batch_size * args.world_size
        return Filled(len(self.train_dataset) - 1, together, self.settings.seed)

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
        return self.lesson.losses(logits, labels, self.state.global_step / max(1, self.state.max_steps))

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
        with torch.no_grad(), self.compute_loss_context_manager():
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
        weights = self.learned_weights()
        if self.args.should_save:
            write_weights(self._best, weights)
