"""Supervised training of a policy net on selected labels, resumable at every step.

The same student, rows, settings and number of processes give the same bytes on one machine, whether the
training was killed or not.
"""

from __future__ import annotations

import contextlib
import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from w2s.errors import DataError
from w2s.files import remove
from w2s.models.policy.device import has_fast_bfloat16, select_device
from w2s.models.policy.files import save_pretrained
from w2s.models.policy.nets import PolicyNet
from w2s.resume import Record
from w2s.train.dataset import TrainingSet
from w2s.train.losses import LOSSES, kl
from w2s.train.policy.batches import Batch, Batches, MoveTargets, move_targets
from w2s.train.policy.checkpoint import (
    CHECKPOINT,
    load_student,
    net_digest,
    read_checkpoint,
    write_checkpoint,
)
from w2s.train.policy.data_parallel import ProcessGroup, RowNumbers, process_group
from w2s.train.progress import REPORT, StepCallback, TrainStep, is_finished
from w2s.train.settings import PolicyTrainSettings

EpochCallback = Callable[[int, PolicyNet], None]
"""Receives the number of a finished epoch, from 1, and the net in evaluation mode. A resumed training may
call it again for an epoch."""


def train_policy_net(
    student: str,
    rows: TrainingSet,
    settings: PolicyTrainSettings,
    out: Path,
    *,
    progress: StepCallback | None = None,
    on_epoch: EpochCallback | None = None,
    in_order: bool = False,
) -> str:
    """Train a policy net on rows and write it to a folder.

    If the folder holds the same training, finished, nothing is done; if it was killed, it is resumed. Where
    a launcher started several processes, each computes its shard of every step and process 0 writes.

    Args:
        student: reference to a policy net, ``policy:…`` or ``lc0:…``.
        rows: what the student learns.
        settings: how it is trained.
        out: folder for ``config.json``, ``model.safetensors`` and ``train.json``.
        progress: called after every step.
        on_epoch: called after every epoch, before its end is saved.
        in_order: whether every epoch goes through the rows in their order instead of shuffling them.

    Returns:
        The reference of the trained net, ``policy:OUT``.

    Raises:
        UsageError: the student cannot be trained, or the folder holds another training.
        DataError: the rows or the student's files are invalid.
    """
    net = load_student(student)
    targets = move_targets(rows, net.config.game)
    with process_group(select_device(settings.device)) as group:
        inputs = _inputs(net, targets, settings, group, in_order=in_order)
        if not is_finished(out, inputs):
            trainer = _PolicyTrainer(
                net, rows, targets, settings, inputs, out, group, on_epoch=on_epoch, in_order=in_order
            )
            _run(trainer, progress)
    return f"policy:{out}"


def _run(trainer: _PolicyTrainer, progress: StepCallback | None) -> None:
    start = time.perf_counter()
    for step in trainer.steps():
        if progress is not None:
            progress(step)
    trainer.finish(time.perf_counter() - start)


def _inputs(
    net: PolicyNet,
    targets: MoveTargets,
    settings: PolicyTrainSettings,
    group: ProcessGroup,
    *,
    in_order: bool,
) -> Record:
    """What decides the bytes of the trained net."""
    values = asdict(settings)
    del values["checkpoint_s"]
    return Record.of(
        {
            "student": net_digest(net),
            "rows": targets.digest,
            "seed": values.pop("seed"),
            "settings": values,
            "processes": group.count,
            **({"in_order": True} if in_order else {}),
        }
    )


class _PolicyTrainer:
    """One training, from its start or its checkpoint to its end."""

    def __init__(
        self,
        net: PolicyNet,
        rows: TrainingSet,
        targets: MoveTargets,
        settings: PolicyTrainSettings,
        inputs: Record,
        out: Path,
        group: ProcessGroup,
        *,
        on_epoch: EpochCallback | None,
        in_order: bool,
    ) -> None:
        self._on_epoch, self._in_order = on_epoch, in_order
        self._settings, self._inputs, self._out, self._group = settings, inputs, out, group
        self._device = select_device(settings.device)
        self._keeps_values = net.value_head is not None and settings.value_weight > 0
        has_reference = settings.anchor > 0 or self._keeps_values
        self._untrained = copy.deepcopy(net).to(self._device).eval() if has_reference else None
        self._net = net.to(self._device).to(memory_format=torch.channels_last)
        self._optimizer = _optimizer(net, settings)
        self._batches = Batches(rows, targets, net.config, self._device)
        self._train_rows, self._held_out = _split(len(rows), settings)
        self._steps_per_epoch = -(-len(self._train_rows) // settings.batch)
        self._total = settings.epochs * self._steps_per_epoch
        self._progress, self._best = read_checkpoint(out, inputs, net, self._optimizer)
        group.barrier()  # no process writes before all have read
        self._last_checkpoint = time.monotonic()

    def steps(self) -> Iterator[TrainStep]:
        """Do the remaining steps."""
        while self._progress.step < self._total and not self._is_stale():
            epoch, place = divmod(self._progress.step, self._steps_per_epoch)
            chosen = self._order(epoch)[place * self._settings.batch : (place + 1) * self._settings.batch]
            loss = self._step(chosen)
            self._progress.step += 1
            self._note(loss, len(chosen))
            if place + 1 == self._steps_per_epoch:
                self._end_epoch(epoch)
            self._save()
            yield TrainStep(self._progress.step, self._total, loss)

    def _order(self, epoch: int) -> RowNumbers:
        """The rows in the order in which an epoch learns them."""
        if self._in_order:
            return self._train_rows
        return np.random.default_rng([self._settings.seed, 1, epoch]).permutation(self._train_rows)

    def finish(self, seconds: float) -> None:
        """Write the net of the best epoch and the report, and remove the checkpoint."""
        if self._group.is_main:
            self._write(seconds)
        self._group.barrier()

    def _write(self, seconds: float) -> None:
        if self._best:
            self._net.load_state_dict(self._best)
        save_pretrained(self._net, self._out)
        progress = self._progress
        report = {
            "settings": asdict(self._settings),
            "rows": len(self._train_rows),
            "held_back": len(self._held_out),
            "steps": progress.step,
            "processes": self._group.count,
            "first_loss": progress.first_loss,
            "loss": progress.epoch_loss[0] / max(1, progress.epoch_loss[1]),
            "held_back_losses": progress.losses,
            "best_epoch": progress.best_epoch,
            "seconds": round(seconds, 3),
        }
        Record(self._inputs.inputs, report).write(self._out / REPORT)
        remove(self._out / CHECKPOINT)

    def _step(self, chosen: RowNumbers) -> float:
        """Do one step on these rows.

        Returns:
            The loss of the step.
        """
        done = self._progress.step / self._total
        rate = self._settings.learning_rate * SCHEDULES[self._settings.schedule](done)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._net.train()
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._group.all_reduce(self._net, self._backward(chosen, done))
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), self._settings.clip)
        self._optimizer.step()
        return loss

    def _backward(self, chosen: RowNumbers, done: float) -> float:
        """Add the gradients of this process's shard.

        Returns:
            The shard's part of the mean loss of the step.
        """
        shard = self._group.shard(chosen)
        if not len(shard):
            return 0.0
        batch = self._batches.batch(shard)
        loss = (self._losses(batch, done) * batch.weights).mean() * (len(shard) / len(chosen))
        torch.autograd.backward(loss)
        return float(loss.detach())

    def _losses(self, batch: Batch, done: float) -> Tensor:
        """The loss of each row, (n,)."""
        with _autocast(self._settings, self._device):
            features = self._net.features(batch.planes)
            policy = self._net.logits(features)
        logits = batch.logits(policy)
        losses = LOSSES[self._settings.loss](logits, batch.targets, done)
        if self._untrained is not None:
            losses = losses + self._distance(self._untrained, batch, features, logits)
        return losses

    def _distance(self, untrained: PolicyNet, batch: Batch, features: Tensor, logits: Tensor) -> Tensor:
        """How far the student has gone from the untrained one on each row, weighted, (n,)."""
        total = torch.zeros(len(logits), device=logits.device)
        with torch.no_grad(), _autocast(self._settings, self._device):
            before = untrained.features(batch.planes)
        if self._settings.anchor:
            with torch.no_grad(), _autocast(self._settings, self._device):
                policy = torch.softmax(batch.logits(untrained.logits(before)), -1)
            total = total + self._settings.anchor * kl(logits, policy)
        if self._keeps_values:
            with torch.no_grad():
                values = untrained.values(before.float())
            errors = self._net.values(features.float()) - values
            total = total + self._settings.value_weight * errors.square()
        return total

    def _note(self, loss: float, rows: int) -> None:
        total, seen = self._progress.epoch_loss
        begins = (self._progress.step - 1) % self._steps_per_epoch == 0
        if self._progress.step == 1:
            self._progress.first_loss = loss
        self._progress.epoch_loss = (loss * rows, rows) if begins else (total + loss * rows, seen + rows)

    def _end_epoch(self, epoch: int) -> None:
        if self._on_epoch is not None:
            self._on_epoch(epoch + 1, self._net.eval())
        if not len(self._held_out):
            return
        losses = self._progress.losses
        losses.append(self._group.broadcast(self._held_out_loss()))
        if losses[-1] == min(losses):
            self._progress.best_epoch = epoch
            self._best = {name: tensor.detach().clone() for name, tensor in self._net.state_dict().items()}

    def _held_out_loss(self) -> float:
        self._net.eval()
        total = weight = 0.0
        with torch.inference_mode():
            for start in range(0, len(self._held_out), self._settings.batch):
                batch = self._batches.batch(self._held_out[start : start + self._settings.batch])
                losses = LOSSES["cross_entropy"](batch.logits(self._net(batch.planes)), batch.targets, 1.0)
                total += float((losses * batch.weights).sum())
                weight += float(batch.weights.sum())
        return total / max(weight, 1e-12)

    def _is_stale(self) -> bool:
        """Whether the last ``patience`` epochs did not improve on the best."""
        best = self._progress.best_epoch
        return best is not None and len(self._progress.losses) - 1 - best >= self._settings.patience

    def _save(self) -> None:
        is_time = time.monotonic() - self._last_checkpoint >= self._settings.checkpoint_s
        if is_time and self._group.is_main:
            write_checkpoint(self._out, self._inputs, self._progress, self._net, self._optimizer, self._best)
            self._last_checkpoint = time.monotonic()


def _split(rows: int, settings: PolicyTrainSettings) -> tuple[RowNumbers, RowNumbers]:
    """Rows to train on and held-out rows, each ascending."""
    held = round(settings.holdout * rows)
    if held >= rows:
        raise DataError(
            "train-holdout-too-large",
            f"holdout={settings.holdout} leaves none of {rows} rows to train on; choose a smaller one",
        )
    order = np.random.default_rng([settings.seed, 0]).permutation(rows)
    return np.sort(order[held:]), np.sort(order[:held])


def _optimizer(net: PolicyNet, settings: PolicyTrainSettings) -> torch.optim.AdamW:
    """AdamW without weight decay on biases and normalisation layers."""
    parameters = list(net.parameters())
    decayed = [parameter for parameter in parameters if parameter.ndim >= 2]
    others = [parameter for parameter in parameters if parameter.ndim < 2]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _autocast(
    settings: PolicyTrainSettings, device: torch.device
) -> contextlib.AbstractContextManager[object]:
    """Compute in bfloat16 if the settings request it, or if the device gains from it."""
    halves = settings.precision == "bfloat16" or (settings.precision == "auto" and has_fast_bfloat16(device))
    return torch.autocast(device.type, torch.bfloat16) if halves else contextlib.nullcontext()


# Learning-rate schedules ----------------------------------------------------------------------------------


_WARM, _FIRST, _LAST = 0.3, 1 / 25, 1 / 25e4


def one_cycle(done: float) -> float:
    """Share of the peak rate: from 1/25 to 1 in the first 0.3 of the steps, then to 1/250,000, by cosines.

    Source: Smith, Topin, *Super-convergence*, arXiv 1708.07120; the shape of torch's ``OneCycleLR``.

    Args:
        done: share of finished steps, in [0, 1].
    """
    if done <= _WARM:
        return _cosine_between(_FIRST, 1.0, done / _WARM)
    return _cosine_between(1.0, _LAST, (done - _WARM) / (1.0 - _WARM))


def cosine(done: float) -> float:
    """Share of the peak rate: from 1 to 0, by a cosine."""
    return _cosine_between(1.0, 0.0, done)


def constant(done: float) -> float:
    """The peak rate at every step."""
    del done
    return 1.0


def _cosine_between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * share)) / 2.0


SCHEDULES: dict[str, Callable[[float], float]] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "constant": constant,
}
"""Schedules by the name in the settings."""
