"""Training of a language model on selected labels, resumable at the step.

Knows nothing about where the rows come from. The same student, rows and settings give the same bytes on one
machine, killed in between or not.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import shutil
import time
import warnings
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.models.hf.weights import quiet_transformers
from w2s.models.policy.device import has_fast_bfloat16, select_device
from w2s.resume import write_bytes
from w2s.train.identity import REPORT, is_complete
from w2s.train.language.lessons import Item, Lesson, lesson_of
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.state import PlainState
from w2s.train.language.student import Student, open_student, state_of, write_student
from w2s.train.language.targets import rewarded
from w2s.train.language.trainer import WeighingTrainer
from w2s.train.launch import process_count
from w2s.train.rows import Rows
from w2s.train.step import Watch

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, slots=True)
class _Task:
    """One training: who learns, what, how, where and who watches; ``identity`` decides its bytes."""

    student: Student
    settings: LanguageSettings
    identity: str
    out: Path
    watch: Watch | None


def train(
    student: str, rows: Rows, settings: LanguageSettings, out: Path, *, watch: Watch | None = None
) -> str:
    """Train a language model on rows and write it to a folder.

    A folder in which the same training has ended is left as it is; one in which it was killed is resumed.
    ``torchrun`` and ``accelerate launch`` train on several devices.

    Args:
        student: reference, ``hf:…``; how it is asked there is how it is taught.
        rows: what it shall learn.
        settings: how.
        out: folder for an adapter, or for the whole model, with its tokenizer and ``train.json``.
        watch: told of every step.

    Returns:
        The reference of the trained model.

    Raises:
        UsageError: the student cannot be trained, or the folder holds another training.
        DataError: the rows are bad.
        ModelError: the student cannot be loaded.
        MissingExtraError: trl is not installed, which grpo needs.
    """
    if settings.objective == "grpo" and find_spec("trl") is None:
        raise MissingExtraError("grpo", "rl")
    if settings.objective == "grpo":
        rows = rewarded(rows)
    opened = open_student(student, settings)
    lesson = lesson_of(opened, rows, settings)
    identity = _identity(opened, lesson, settings)
    if not is_complete(out, identity):
        _train(_Task(opened, settings, identity, out, watch), rows, lesson)
    return opened.reference_in(out)


def _train(task: _Task, rows: Rows, lesson: Lesson) -> None:
    if process_count() > 1:
        atexit.register(_part)
    began = time.perf_counter()
    learned, held = _split(lesson.items, task.settings)
    with quiet_transformers(), _without_future_warnings():
        by_reward = task.settings.objective == "grpo"
        trainer: Any = _rewarded(task, rows) if by_reward else _supervised(task, lesson, learned, held)
        trainer.go(task.out)
        dealt = trainer.learned_weights() if trainer.is_fsdp_enabled else None
        trainer.accelerator.wait_for_everyone()
        if not trainer.args.should_save:
            return
        write_student(task.student, trainer.accelerator.unwrap_model(trainer.model), task.out, dealt)
    report = {
        "identity": task.identity,
        "student": task.student.place,
        "settings": asdict(task.settings),
        "rows": len({one.row for one in learned}),
        "held_back": len({one.row for one in held}),
        **_done(trainer),
        "seconds": round(time.perf_counter() - began, 3),
    }
    write_bytes(task.out / REPORT, (json.dumps(report, indent=2) + "\n").encode())
    shutil.rmtree(task.out / CHECKPOINTS, ignore_errors=True)


def _part() -> None:
    """Leave the other processes: one that ends without it may be aborted by threads that still wait."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@contextlib.contextmanager
def _without_future_warnings() -> Iterator[None]:
    """What libraries say to each other about their next versions is not for users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _done(trainer: PlainState) -> dict[str, Any]:
    progress = trainer.progress
    return {
        "steps": trainer.state.global_step,
        "loss": progress.loss,
        "held_back_losses": progress.losses,
        "best_epoch": progress.best_epoch,
    }


def _supervised(task: _Task, lesson: Lesson, learned: list[Item], held: list[Item]) -> WeighingTrainer:
    arguments = transformers.TrainingArguments(**arguments_of(task, len(learned)))
    trainer = WeighingTrainer(
        task.student.adapted(),
        arguments,
        lesson,
        learned,
        held,
        task.settings,
        task.identity,
        task.watch,
    )
    if task.student.compares and trainer.is_fsdp_enabled:
        raise UsageError(
            "train-encoder-fsdp", "encoders cannot be trained with FSDP; launch without --use_fsdp"
        )
    return trainer


def _rewarded(task: _Task, rows: Rows) -> PlainState:
    from w2s.train.language.reinforced import RewardedTrainer, room_for, told

    replies = len(rows) * task.settings.group
    arguments = told(arguments_of(task, replies), task.settings, room_for(task.student, rows, task.settings))
    return RewardedTrainer(task.student, arguments, rows, task.settings, task.identity, task.watch)


def arguments_of(task: _Task, rows: int) -> dict[str, Any]:
    """What a trainer of transformers is told.

    Raises:
        UsageError: a step's rows cannot be dealt to the devices and passes.
    """
    settings = task.settings
    processes = process_count()
    together = settings.pass_rows(processes)
    device = select_device(task.student.asked.device.partition(":")[0])
    steps = settings.epochs * -(-rows // settings.batch)
    halves = settings.precision == "bfloat16" or (settings.precision == "auto" and has_fast_bfloat16(device))
    return {
        "output_dir": str(task.out / CHECKPOINTS),
        "ddp_find_unused_parameters": False,
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": together,
        "gradient_accumulation_steps": settings.batch // (together * processes),
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.clip,
        "lr_scheduler_type": {"constant": "constant_with_warmup"}.get(settings.schedule, settings.schedule),
        "warmup_steps": round(settings.warm_up * steps),
        "activation_checkpointing": settings.save_memory,
        "bf16": halves,
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


def _identity(student: Student, lesson: Lesson, settings: LanguageSettings) -> str:
    """What decides the bytes of the trained student: how many processes there are, too."""
    asked = dict(student.reference.options)
    settled = {**asdict(settings), "checkpoint_s": None}
    about: list[Any] = [state_of(student.place), asked, lesson.digest, settled]
    if process_count() > 1:
        about.append(process_count())
    return blake2b(json.dumps(about).encode(), digest_size=16).hexdigest()


def _split(items: Many[Item], settings: LanguageSettings) -> tuple[list[Item], list[Item]]:
    """What is learned and what is held back; all items of a row have one place."""
    rows = sorted({one.row for one in items})
    count = round(settings.holdout * len(rows))
    if count >= len(rows):
        raise DataError(
            "train-holdout-too-large",
            f"holdout={settings.holdout} leaves none of {len(rows)} rows to train on; choose a smaller one",
        )
    order = np.random.default_rng([settings.seed, 0]).permutation(rows)
    held = set(order[:count].tolist())
    return [one for one in items if one.row not in held], [one for one in items if one.row in held]
