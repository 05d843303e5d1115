"""Supervised training of a policy net on selected labels, resumable at the step.

Knows nothing about where the rows come from. The same student, rows, settings and number of processes give
the same bytes on one machine, killed in between or not.
"""

from __future__ import annotations

import contextlib
import copy
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s.errors import DataError
from w2s.models.policy.device import has_fast_bfloat16, select_device
from w2s.models.policy.files import save_pretrained
from w2s.models.policy.nets import PolicyNet
from w2s.resume import write_bytes
from w2s.train.identity import REPORT, is_complete
from w2s.train.losses import LOSSES, kl
from w2s.train.policy.batches import Batch, Batches
from w2s.train.policy.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint
from w2s.train.policy.processes import Processes, processes
from w2s.train.policy.student import digest_of, student_net
from w2s.train.policy.targets import Targets, read_targets
from w2s.train.rows import Rows
from w2s.train.schedule import SCHEDULES
from w2s.train.settings import Settings
from w2s.train.step import Step, Watch

Positions = npt.NDArray[np.int64]


def train(
    student: str,
    rows: Rows,
    settings: Settings,
    out: Path,
    *,
    watch: Watch | None = None,
) -> str:
    """Train a student on rows and write it to a folder.

    A folder in which the same training has ended is left as it is; one in which it was killed is resumed.
    Where a launcher started several processes, each computes its share of every step and the first writes.

    Args:
        student: reference to a policy net, ``policy:…`` or ``lc0:…``.
        rows: what it shall learn.
        settings: how.
        out: folder for ``config.json``, ``model.safetensors`` and ``train.json``.
        watch: called after every step.

    Returns:
        The reference of the trained net, ``policy:OUT``.

    Raises:
        UsageError: the student cannot be trained, or the folder holds another training.
        DataError: the rows or the student's files are bad.
    """
    net = student_net(student)
    targets = read_targets(rows, net.config.game)
    with processes(select_device(settings.device)) as all_of_us:
        identity = _identity(net, targets, settings, all_of_us)
        if not is_complete(out, identity):
            _do(_Training(net, rows, targets, settings, identity, out, all_of_us), watch)
    return f"policy:{out}"


def _do(training: _Training, watch: Watch | None) -> None:
    began = time.perf_counter()
    for step in training.steps():
        if watch is not None:
            watch(step)
    training.finish(time.perf_counter() - began)


def _identity(net: PolicyNet, targets: Targets, settings: Settings, all_of_us: Processes) -> str:
    """What decides the bytes of the trained net."""
    about: list[object] = [digest_of(net), targets.digest, {**asdict(settings), "checkpoint_s": None}]
    if all_of_us.count > 1:
        about.append(all_of_us.count)
    return blake2b(json.dumps(about).encode(), digest_size=16).hexdigest()


class _Training:
    """One training, from its beginning or from its checkpoint to its end."""

    def __init__(
        self,
        net: PolicyNet,
        rows: Rows,
        targets: Targets,
        settings: Settings,
        identity: str,
        out: Path,
        all_of_us: Processes,
    ) -> None:
        self._settings, self._out, self._all_of_us = settings, out, all_of_us
        self._device = select_device(settings.device)
        self._anchor = copy.deepcopy(net).to(self._device).eval() if settings.anchor else None
        self._net = net.to(self._device).to(memory_format=torch.channels_last)
        self._optimizer = _optimizer(net, settings)
        self._batches = Batches(rows, targets, net.config, self._device)
        self._kept, self._held = _split(len(rows), settings)
        self._a_epoch = -(-len(self._kept) // settings.batch)
        self._total = settings.epochs * self._a_epoch
        self._progress, self._best = read_checkpoint(out, identity, net, self._optimizer)
        all_of_us.wait()  # nobody writes before all have read
        self._written = time.monotonic()

    def steps(self) -> Iterator[Step]:
        """Do the steps that are left."""
        while self._progress.step < self._total and not self._is_stale():
            epoch, place = divmod(self._progress.step, self._a_epoch)
            order = np.random.default_rng([self._settings.seed, 1, epoch]).permutation(self._kept)
            chosen = order[place * self._settings.batch : (place + 1) * self._settings.batch]
            loss = self._step(chosen)
            self._progress.step += 1
            self._note(loss, len(chosen))
            if place + 1 == self._a_epoch:
                self._end_epoch(epoch)
            self._save()
            yield Step(self._progress.step, self._total, loss)

    def finish(self, seconds: float) -> None:
        """Write the net that is kept, what was done, and remove the checkpoint."""
        if self._all_of_us.is_first:
            self._write(seconds)
        self._all_of_us.wait()

    def _write(self, seconds: float) -> None:
        if self._best:
            self._net.load_state_dict(self._best)
        save_pretrained(self._net, self._out)
        progress = self._progress
        report = {
            "identity": progress.identity,
            "settings": asdict(self._settings),
            "rows": len(self._kept),
            "held_back": len(self._held),
            "steps": progress.step,
            "processes": self._all_of_us.count,
            "loss": progress.epoch_loss[0] / max(1, progress.epoch_loss[1]),
            "held_back_losses": progress.losses,
            "best_epoch": progress.best_epoch,
            "seconds": round(seconds, 3),
        }
        write_bytes(self._out / REPORT, (json.dumps(report, indent=2) + "\n").encode())
        (self._out / CHECKPOINT).unlink(missing_ok=True)

    def _step(self, chosen: Positions) -> float:
        """One step on these rows; its loss."""
        done = self._progress.step / self._total
        rate = self._settings.learning_rate * SCHEDULES[self._settings.schedule](done)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._net.train()
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._all_of_us.add_up(self._net, self._backward(chosen, done))
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), self._settings.clip)
        self._optimizer.step()
        return loss

    def _backward(self, chosen: Positions, done: float) -> float:
        """The gradients of our share of the rows, and its part of their mean loss."""
        ours = self._all_of_us.share(chosen)
        if not len(ours):
            return 0.0
        batch = self._batches.of(ours)
        loss = (self._losses(batch, done) * batch.weights).mean() * (len(ours) / len(chosen))
        torch.autograd.backward(loss)
        return float(loss.detach())

    def _losses(self, batch: Batch, done: float) -> Tensor:
        """The loss of each row, (n,)."""
        with _numbers(self._settings, self._device):
            policy = self._net(batch.planes)
        logits = batch.logits(policy)
        losses = LOSSES[self._settings.loss](logits, batch.targets, done)
        if self._anchor is not None:
            with torch.no_grad(), _numbers(self._settings, self._device):
                before = torch.softmax(batch.logits(self._anchor(batch.planes)), -1)
            losses = losses + self._settings.anchor * kl(logits, before)
        return losses

    def _note(self, loss: float, rows: int) -> None:
        total, seen = self._progress.epoch_loss
        begins = (self._progress.step - 1) % self._a_epoch == 0
        self._progress.epoch_loss = (loss * rows, rows) if begins else (total + loss * rows, seen + rows)

    def _end_epoch(self, epoch: int) -> None:
        if not len(self._held):
            return
        losses = self._progress.losses
        losses.append(self._all_of_us.agreed(self._held_back_loss()))
        if losses[-1] == min(losses):
            self._progress.best_epoch = epoch
            self._best = {name: tensor.detach().clone() for name, tensor in self._net.state_dict().items()}

    def _held_back_loss(self) -> float:
        self._net.eval()
        total = weight = 0.0
        with torch.inference_mode():
            for start in range(0, len(self._held), self._settings.batch):
                batch = self._batches.of(self._held[start : start + self._settings.batch])
                losses = LOSSES["cross_entropy"](batch.logits(self._net(batch.planes)), batch.targets, 1.0)
                total += float((losses * batch.weights).sum())
                weight += float(batch.weights.sum())
        return total / max(weight, 1e-12)

    def _is_stale(self) -> bool:
        """Whether the last epochs were all worse than the best."""
        best = self._progress.best_epoch
        return best is not None and len(self._progress.losses) - 1 - best >= self._settings.patience

    def _save(self) -> None:
        is_time = time.monotonic() - self._written >= self._settings.checkpoint_s
        if is_time and self._all_of_us.is_first:
            write_checkpoint(self._out, self._progress, self._net, self._optimizer, self._best)
            self._written = time.monotonic()


def _split(rows: int, settings: Settings) -> tuple[Positions, Positions]:
    """Rows to train on and rows held back, each ascending."""
    held = round(settings.holdout * rows)
    if held >= rows:
        raise DataError(
            "train-holdout-too-large",
            f"holdout={settings.holdout} leaves none of {rows} rows to train on; choose a smaller one",
        )
    order = np.random.default_rng([settings.seed, 0]).permutation(rows)
    return np.sort(order[held:]), np.sort(order[:held])


def _optimizer(net: PolicyNet, settings: Settings) -> torch.optim.AdamW:
    """AdamW; biases and norms do not decay."""
    parameters = list(net.parameters())
    decayed = [parameter for parameter in parameters if parameter.ndim >= 2]
    others = [parameter for parameter in parameters if parameter.ndim < 2]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def _numbers(settings: Settings, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Computes in bfloat16 where that is asked for, or gained by."""
    halves = settings.precision == "bfloat16" or (settings.precision == "auto" and has_fast_bfloat16(device))
    return torch.autocast(device.type, torch.bfloat16) if halves else contextlib.nullcontext()
