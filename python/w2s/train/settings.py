"""Settings of a training, by the kind of its student; needs no torch."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from w2s.errors import UsageError
from w2s.models.reference import quote, resolve_reference
from w2s.train.distributed import process_count

LossName = Literal["cross_entropy", "kl", "product", "log_confidence"]
ScheduleName = Literal["one_cycle", "cosine", "constant"]
LanguageScheduleName = Literal["cosine", "linear", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda"]
ObjectiveName = Literal["supervised", "grpo"]
FineTuning = Literal["lora", "full"]

_STUDENTS = ("policy:…", "lc0:…", "hf:…")
"""References of models that can be trained."""


@dataclass(frozen=True, slots=True)
class PolicyTrainSettings:
    """How a policy net is trained.

    Attributes:
        epochs: number of passes over the rows.
        learning_rate: peak of the schedule.
        batch: rows per step.
        weight_decay: weight decay of AdamW, on weights with two or more dimensions.
        schedule: learning-rate schedule, see :mod:`w2s.train.policy.trainer`.
        loss: see :mod:`w2s.train.losses`.
        anchor: weight of the divergence from the untrained student on the same rows; 0 turns it off.
        value_weight: weight of the squared difference between the values of the student and of the untrained
            student on the same rows, so that a value head survives the training; without one it has no
            effect.
        clip: maximum norm of a step's gradient.
        holdout: share of the rows that is held out; the epoch with the least loss on them is kept.
        patience: epochs without improvement on the held-out rows after which the training ends.
        precision: ``auto`` is bfloat16 where the processor gains from it.
        device: ``auto`` is an accelerator where there is one.
        seed: random seed of the order of the rows and of the held-out rows.
        checkpoint_s: seconds between checkpoints; 0 writes one after every step. It does not change results.
    """

    epochs: int = 2
    learning_rate: float = 5e-4
    batch: int = 128
    weight_decay: float = 0.01
    schedule: ScheduleName = "one_cycle"
    loss: LossName = "cross_entropy"
    anchor: float = 0.0
    value_weight: float = 1.0
    clip: float = 1.0
    holdout: float = 0.0
    patience: int = 2
    precision: Precision = "auto"
    device: Device = "auto"
    seed: int = 0
    checkpoint_s: float = 30.0

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            UsageError: names the setting, its value and its range.
        """
        _check_whole(self, 1, "epochs", "batch", "patience")
        _check_whole(self, 0, "seed")
        _check_positive(self, "learning_rate", "clip")
        _check_not_negative(self, "weight_decay", "anchor", "value_weight", "checkpoint_s")
        _check_share(self, "holdout")
        _check_word(self, schedule=ScheduleName, loss=LossName, precision=Precision, device=Device)


@dataclass(frozen=True, slots=True)
class LanguageTrainSettings:
    """How a language model is trained.

    Attributes:
        objective: ``supervised`` learns the labels; ``grpo`` samples replies and rewards those that agree
            with the label (needs the extra ``rl``).
        finetuning: ``lora`` trains adapters of peft on the layers ``targets``; ``full`` trains all weights. A
            student that is an adapter continues to train that adapter; rank, alpha, dropout and targets only
            apply to new ones.
        rank: rank of an adapter's matrices.
        alpha: the adapter's output is scaled by ``alpha / rank``; 0 means twice the rank.
        dropout: dropout on an adapter's input.
        targets: ``all-linear``, or layer names joined by commas.
        epochs: number of passes over the rows.
        learning_rate: peak of the schedule.
        batch: rows per step, over all devices.
        micro_batch: rows per forward pass on one device; a step accumulates the gradients of its passes.
        weight_decay: weight decay of AdamW.
        schedule: learning-rate schedule after the warm-up.
        warm_up: share of the steps in which the learning rate rises linearly.
        loss: ``cross_entropy`` of the reply's tokens; the others of :mod:`w2s.train.losses` compare the
            options of a choice that is answered by letter.
        clip: maximum norm of a step's gradient.
        max_length: maximum tokens of a question with its reply; longer rows are an error.
        holdout: share of the rows that is held out; the epoch with the least loss on them is kept.
        patience: epochs without improvement on the held-out rows after which the training ends.
        save_memory: recompute activations in the backward pass.
        precision: ``auto`` is bfloat16 where the device gains from it.
        seed: random seed of the order of the rows, the held-out rows, dropout and new adapters.
        checkpoint_s: seconds between checkpoints; 0 writes one after every step. It does not change results.
        group_size: replies per question that grpo compares; ``batch`` counts replies then.
        new_tokens: maximum tokens of a reply of grpo, where the student's reference has no
            ``max_new_tokens``.
        temperature: sampling temperature of grpo.
        kl: weight of the divergence from the untrained student in grpo.
        form_reward: reward of grpo for a reply with any label; agreement with the label is worth 1.
    """

    objective: ObjectiveName = "supervised"
    finetuning: FineTuning = "lora"
    rank: int = 16
    alpha: float = 0.0
    dropout: float = 0.0
    targets: str = "all-linear"
    epochs: int = 2
    learning_rate: float = 2e-4
    batch: int = 16
    micro_batch: int = 8
    weight_decay: float = 0.0
    schedule: LanguageScheduleName = "cosine"
    warm_up: float = 0.05
    loss: LossName = "cross_entropy"
    clip: float = 1.0
    max_length: int = 2048
    holdout: float = 0.0
    patience: int = 2
    save_memory: bool = False
    precision: Precision = "auto"
    seed: int = 0
    checkpoint_s: float = 300.0
    group_size: int = 8
    new_tokens: int = 512
    temperature: float = 1.0
    kl: float = 0.04
    form_reward: float = 0.1

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            UsageError: names the setting, its value and its range.
        """
        _check_whole(
            self,
            1,
            "rank",
            "epochs",
            "batch",
            "micro_batch",
            "max_length",
            "patience",
            "group_size",
            "new_tokens",
        )
        _check_whole(self, 0, "seed")
        _check_positive(self, "learning_rate", "clip", "temperature")
        _check_not_negative(self, "alpha", "weight_decay", "checkpoint_s", "kl", "form_reward")
        _check_share(self, "dropout", "holdout", "warm_up")
        _check("save_memory", self.save_memory, isinstance(self.save_memory, bool), "true or false")
        is_named = isinstance(self.targets, str) and bool(self.targets)
        _check("targets", self.targets, is_named, "all-linear, or layer names joined by commas")
        _check_word(self, objective=ObjectiveName, finetuning=FineTuning, loss=LossName)
        _check_word(self, schedule=LanguageScheduleName, precision=Precision)
        if self.objective == "grpo":
            self._check_grpo()

    def _check_grpo(self) -> None:
        if self.holdout or self.loss != "cross_entropy":
            raise UsageError("train-grpo-settings", "objective=grpo takes no holdout and no loss")
        if self.group_size < 2:
            raise UsageError(
                "train-grpo-group",
                f"objective=grpo compares replies; group_size={self.group_size} must be at least 2",
            )
        if self.batch % self.group_size:
            raise UsageError(
                "train-batch-not-divisible",
                f"batch={self.batch} is not a multiple of group_size={self.group_size}; change batch or "
                "group_size",
            )

    def rows_per_pass(self, devices: int) -> int:
        """Rows of one forward pass of one device; a step is a whole number of passes.

        Raises:
            UsageError: the batch cannot be divided into such passes.
        """
        rows = min(self.micro_batch, max(1, self.batch // devices))
        if self.batch % (rows * devices):
            many = f"{devices} devices" if devices > 1 else "one device"
            raise UsageError(
                "train-batch-not-divisible",
                f"batch={self.batch} is not a whole number of passes of micro_batch={rows} rows on {many}; "
                "change batch or micro_batch",
            )
        return rows

    @property
    def effective_alpha(self) -> float:
        """Alpha, with its default resolved."""
        return self.alpha or 2.0 * self.rank


def is_language_model(student: str) -> bool:
    """Whether a reference names a language model."""
    return resolve_reference(student).kind == "hf"


def parse_settings(
    student: str, given: Mapping[str, Any], seed: int
) -> PolicyTrainSettings | LanguageTrainSettings:
    """Settings for a student, with defaults for those that are not given.

    Args:
        student: reference of the student; it decides the kind of settings.
        given: settings by name.
        seed: random seed of the training.

    Raises:
        UsageError: the student cannot be trained, a name is unknown, or a value is invalid.
    """
    _check_student(student)
    kind = LanguageTrainSettings if is_language_model(student) else PolicyTrainSettings
    known = {one.name for one in fields(kind)} - {"seed"}
    if unknown := sorted(set(given) - known):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(sorted(known))}"
        raise UsageError(
            "train-unknown-setting", f"the training of {student} has no setting {unknown[0]!r}; {hint}"
        )
    settings = kind(**given, seed=seed)
    if isinstance(settings, LanguageTrainSettings):
        settings.rows_per_pass(process_count())
    return settings


def _check_student(student: str) -> None:
    if f"{resolve_reference(student).kind}:…" not in _STUDENTS:
        raise UsageError(
            "train-student-cannot-learn",
            f"{quote(student)} cannot be trained; name a student as {', '.join(_STUDENTS)}",
        )


# Checks -----------------------------------------------------------------------------------------------------


def _check(name: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise UsageError("train-invalid-setting", f"training setting {name} must be {wanted}, not {value!r}")


def _check_whole(settings: object, least: int, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _check(name, value, type(value) is int and value >= least, f"a whole number >= {least}")


def _check_positive(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _check(name, value, _is_number(value) and value > 0, "a number > 0")


def _check_not_negative(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _check(name, value, _is_number(value) and value >= 0, "a number >= 0")


def _check_share(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        _check(name, value, _is_number(value) and 0 <= value < 1, "a number >= 0 and < 1")


def _check_word(settings: object, **kinds: Any) -> None:
    for name, kind in kinds.items():
        value, words = getattr(settings, name), get_args(kind)
        _check(name, value, value in words, f"one of {', '.join(words)}")


def _is_number(value: object) -> bool:
    """Whether a value is a finite number, and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
