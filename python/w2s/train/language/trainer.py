"""Training of a language model on selected labels, resumable at every step.

The same student, rows, settings and number of processes give the same bytes on one machine, whether the
training was killed or not.
"""

from __future__ import annotations

import atexit
import contextlib
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from torch.utils.data import Sampler

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.files import remove
from w2s.models.hf.weights import quiet_transformers
from w2s.models.policy.device import has_fast_bfloat16, select_device
from w2s.resume import Record
from w2s.train.dataset import TrainingSet
from w2s.train.distributed import process_count
from w2s.train.language.objectives import Objective, TokenizedRow, build_objective, weighted_sum
from w2s.train.language.student import (
    LanguageStudent,
    folder_digest,
    load_language_student,
    save_language_student,
)
from w2s.train.language.tokenization import uniform_rows
from w2s.train.language.trainer_state import LanguageProgress, PlainStateTrainer, StepHandler, write_weights
from w2s.train.progress import REPORT, StepCallback, is_finished
from w2s.train.settings import LanguageTrainSettings

BEST = "best.safetensors"
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, slots=True)
class _Job:
    """One training; ``inputs`` decide its bytes."""

    student: LanguageStudent
    settings: LanguageTrainSettings
    inputs: Record
    out: Path
    progress: StepCallback | None


def train_language_model(
    student: str,
    rows: TrainingSet,
    settings: LanguageTrainSettings,
    out: Path,
    *,
    progress: StepCallback | None = None,
) -> str:
    """Train a language model on rows and write it to a folder.

    If the folder holds the same training, finished, nothing is done; if it was killed, it is resumed.
    ``torchrun`` and ``accelerate launch`` train on several devices.

    Args:
        student: reference, ``hf:…``; its prompts are those of the training.
        rows: what the student learns.
        settings: how it is trained.
        out: folder for an adapter, or for the whole model, with its tokenizer and ``train.json``.
        progress: called after every step.

    Returns:
        The reference of the trained model.

    Raises:
        UsageError: the student cannot be trained, or the folder holds another training.
        DataError: the rows are invalid.
        ModelError: the student cannot be loaded.
        MissingExtraError: trl is not installed, which grpo needs.
    """
    if settings.objective == "grpo" and find_spec("trl") is None:
        raise MissingExtraError("grpo", "rl")
    if settings.objective == "grpo":
        rows = uniform_rows(rows)
    loaded = load_language_student(student, settings)
    objective = build_objective(loaded, rows, settings)
    inputs = _inputs(loaded, objective, settings)
    if not is_finished(out, inputs):
        _run(_Job(loaded, settings, inputs, out, progress), rows, objective)
    return loaded.reference_in(out)


def _inputs(student: LanguageStudent, objective: Objective, settings: LanguageTrainSettings) -> Record:
    """What decides the bytes of the trained student."""
    values = asdict(settings)
    del values["checkpoint_s"]
    return Record.of(
        {
            "student": folder_digest(student.place),
            "options of the student": dict(student.reference.options),
            "rows": objective.digest,
            "seed": values.pop("seed"),
            "settings": values,
            "processes": process_count(),
        }
    )


def _run(job: _Job, rows: TrainingSet, objective: Objective) -> None:
    if process_count() > 1:
        atexit.register(_leave_process_group)
    start = time.perf_counter()
    train_rows, held_out = _split(objective.items, job.settings)
    with quiet_transformers(), _without_future_warnings():
        by_reward = job.settings.objective == "grpo"
        trainer: Any = (
            _grpo_trainer(job, rows) if by_reward else _weighted_trainer(job, objective, train_rows, held_out)
        )
        trainer.run(job.out)
        sharded = trainer.trainable_weights() if trainer.is_fsdp_enabled else None
        trainer.accelerator.wait_for_everyone()
        if not trainer.args.should_save:
            return
        network = trainer.accelerator.unwrap_model(trainer.model)
        save_language_student(job.student, network, job.out, sharded)
    report = {
        "student": job.student.place,
        "settings": asdict(job.settings),
        "rows": len({one.row for one in train_rows}),
        "held_back": len({one.row for one in held_out}),
        "steps": trainer.state.global_step,
        "first_loss": trainer.progress.first_loss,
        "loss": trainer.progress.loss,
        "held_back_losses": trainer.progress.losses,
        "best_epoch": trainer.progress.best_epoch,
        "seconds": round(time.perf_counter() - start, 3),
    }
    Record(job.inputs.inputs, report).write(job.out / REPORT)
    remove(job.out / CHECKPOINTS)


def _leave_process_group() -> None:
    """Leave the other processes: one that exits without this may be aborted by threads that still wait."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@contextlib.contextmanager
def _without_future_warnings() -> Iterator[None]:
    """Libraries warn each other about their next versions, which does not concern users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _split(
    items: Sequence[TokenizedRow], settings: LanguageTrainSettings
) -> tuple[list[TokenizedRow], list[TokenizedRow]]:
    """Items to train on and held-out items; all items of a row are on one side."""
    rows = sorted({one.row for one in items})
    count = round(settings.holdout * len(rows))
    if count >= len(rows):
        raise DataError(
            "train-holdout-too-large",
            f"holdout={settings.holdout} leaves none of {len(rows)} rows to train on; choose a smaller one",
        )
    order = np.random.default_rng([settings.seed, 0]).permutation(rows)
    held_out = set(order[:count].tolist())
    return (
        [one for one in items if one.row not in held_out],
        [one for one in items if one.row in held_out],
    )


def _grpo_trainer(job: _Job, rows: TrainingSet) -> PlainStateTrainer:
    from w2s.train.language.grpo import GrpoTrainer, grpo_config, max_reply_tokens

    arguments = _trainer_arguments(job, len(rows) * job.settings.group_size)
    config = grpo_config(arguments, job.settings, max_reply_tokens(job.student, rows, job.settings))
    return GrpoTrainer(job.student, config, rows, job.settings, job.inputs, job.progress)


def _weighted_trainer(
    job: _Job, objective: Objective, train_rows: list[TokenizedRow], held_out: list[TokenizedRow]
) -> WeightedTrainer:
    arguments = transformers.TrainingArguments(**_trainer_arguments(job, len(train_rows)))
    trainer = WeightedTrainer(
        job.student.adapted(),
        arguments,
        objective,
        train_rows,
        held_out,
        job.settings,
        job.inputs,
        job.progress,
    )
    if job.student.is_encoder and trainer.is_fsdp_enabled:
        raise UsageError(
            "train-encoder-fsdp", "encoders cannot be trained with FSDP; launch without --use_fsdp"
        )
    return trainer


def _trainer_arguments(job: _Job, rows: int) -> dict[str, Any]:
    """The arguments of a trainer of transformers.

    Raises:
        UsageError: the batch cannot be divided among the devices and passes.
    """
    settings = job.settings
    processes = process_count()
    pass_size = settings.rows_per_pass(processes)
    device = select_device(job.student.prompting.device.partition(":")[0])
    steps = settings.epochs * -(-rows // settings.batch)
    bfloat16 = settings.precision == "bfloat16" or (
        settings.precision == "auto" and has_fast_bfloat16(device)
    )
    return {
        "output_dir": str(job.out / CHECKPOINTS),
        "ddp_find_unused_parameters": False,
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": pass_size,
        "gradient_accumulation_steps": settings.batch // (pass_size * processes),
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.clip,
        "lr_scheduler_type": {"constant": "constant_with_warmup"}.get(settings.schedule, settings.schedule),
        "warmup_steps": round(settings.warm_up * steps),
        "activation_checkpointing": settings.save_memory,
        "bf16": bfloat16,
        "use_cpu": device.type == "cpu",
        "seed": settings.seed,
        "save_strategy": "no",
        "save_total_limit": 2,
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "optim": "adamw_torch",
    }


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


class WeightedTrainer(PlainStateTrainer, transformers.Trainer):  # type: ignore[misc]
    """Minimises an objective; the loss of a step is the weighted mean over its rows.

    Training ends early when the loss on held-out rows stops improving.

    Args:
        network: the network, with or without an adapter.
        arguments: arguments of transformers; their folder holds the checkpoints.
        objective: its collator and losses.
        train_rows: items to train on.
        held_out: items that are held out.
        settings: settings of the training.
        inputs: inputs of the training; part of every checkpoint.
        progress: called after every step.
    """

    def __init__(
        self,
        network: Any,
        arguments: transformers.TrainingArguments,
        objective: Objective,
        train_rows: Sequence[TokenizedRow],
        held_out: Sequence[TokenizedRow],
        settings: LanguageTrainSettings,
        inputs: Record,
        progress: StepCallback | None,
    ) -> None:
        self.inputs, self.progress, self.checkpoint_s = inputs, LanguageProgress(), settings.checkpoint_s
        self.settings, self.objective, self.held_out = settings, objective, held_out
        rows = list(train_rows)
        if arguments.world_size > 1:
            rows.append(replace(train_rows[0], weight=0.0))  # PaddedSampler repeats it
        super().__init__(
            model=network,
            args=arguments,
            train_dataset=rows,
            data_collator=objective.collate,
            compute_loss_func=self._loss,
            callbacks=[StepHandler(self, progress)],
        )
        self.remove_callback(transformers.PrinterCallback)

    def run(self, out: Path) -> None:
        """Train to the end; the network then has the weights of the best epoch."""
        super().run(out)
        if self.progress.best_epoch is not None:
            self.load_weights(self._best)

    @property
    def _best(self) -> Path:
        return Path(self.args.output_dir) / BEST

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        args = self.args
        if args.world_size == 1:
            return super()._get_train_sampler(train_dataset)
        pass_size = args.per_device_train_batch_size * args.world_size
        return PaddedSampler(len(self.train_dataset) - 1, pass_size, self.settings.seed)

    def end_epoch(self, epoch: int) -> bool:
        """Measure the loss on the held-out rows and keep the best weights; True when patience is used up."""
        if not self.held_out:
            return False
        losses = self.progress.losses
        losses.append(self._held_out_loss())
        if losses[-1] == min(losses):
            self.progress.best_epoch = epoch
            self._keep_weights()
        best = self.progress.best_epoch
        return best is not None and epoch - best >= self.settings.patience

    def _loss(self, outputs: Any, labels: Mapping[str, Tensor], num_items_in_batch: Any = None) -> Tensor:
        total = labels["weights"].sum() if num_items_in_batch is None else num_items_in_batch
        return weighted_sum(self._losses(outputs.logits, labels), labels["weights"], total)

    def _losses(self, logits: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
        return self.objective.losses(logits, labels, self.state.global_step / max(1, self.state.max_steps))

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        """The weight of all rows of a step, over its passes and devices."""
        if not batch_samples:
            return None
        total = torch.stack([batch["labels"]["weights"].sum() for batch in batch_samples]).sum().to(device)
        if self.args.world_size > 1:
            total = self.accelerator.gather(total).sum()
        return total

    def _held_out_loss(self) -> float:
        training = self.model.training
        self.model.eval()
        total = weight = 0.0
        with torch.no_grad(), self.compute_loss_context_manager():
            for start in range(0, len(self.held_out), self.settings.micro_batch):
                batch = self.data_collator(self.held_out[start : start + self.settings.micro_batch])
                batch = self._prepare_inputs(batch)
                labels = batch.pop("labels")
                losses = self._losses(self.model(**batch).logits, labels)
                total += float((losses * labels["weights"]).sum())
                weight += float(labels["weights"].sum())
        self.model.train(training)
        return total / weight

    def _keep_weights(self) -> None:
        weights = self.trainable_weights()
        if self.args.should_save:
            write_weights(self._best, weights)
