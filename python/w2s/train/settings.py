"""What is decided before a training begins.

Knows nothing about rows or nets; needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from w2s.train.checking import check, is_number, is_whole

Loss = Literal["cross_entropy", "kl", "product", "log_confidence"]
Schedule = Literal["one_cycle", "cosine", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a student is trained.

    Attributes:
        epochs: times that every row is seen.
        learning_rate: the peak of the schedule.
        batch: rows in one step.
        weight_decay: of AdamW, on weights of two dimensions and more.
        schedule: of the learning rate, see :mod:`w2s.train.schedule`.
        loss: see :mod:`w2s.train.losses`.
        anchor: weight of the divergence from the untrained student on the same rows; 0 is none.
        clip: largest norm of a step's gradient.
        holdout: share of the rows that is held back; the epoch with the least loss there is kept.
        patience: epochs without a better one after which the training ends, where rows are held back.
        precision: ``auto`` is bfloat16 where the processor gains from it.
        device: ``auto`` is an accelerator where there is one.
        seed: decides the order of the rows and which are held back.
        checkpoint_s: seconds between checkpoints; 0 writes one after every step. It changes no number.
    """

    epochs: int = 2
    learning_rate: float = 5e-4
    batch: int = 128
    weight_decay: float = 0.01
    schedule: Schedule = "one_cycle"
    loss: Loss = "cross_entropy"
    anchor: float = 0.0
    clip: float = 1.0
    holdout: float = 0.0
    patience: int = 2
    precision: Precision = "auto"
    device: Device = "auto"
    seed: int = 0
    checkpoint_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: names the setting, its value and its range.
        """
        for name in ("epochs", "batch", "patience"):
            check(name, getattr(self, name), is_whole(getattr(self, name), 1), "a whole number >= 1")
        check("seed", self.seed, is_whole(self.seed, 0), "a whole number >= 0")
        for name in ("learning_rate", "clip"):
            value = getattr(self, name)
            check(name, value, is_number(value) and value > 0, "a number > 0")
        for name in ("weight_decay", "anchor", "checkpoint_s"):
            value = getattr(self, name)
            check(name, value, is_number(value) and value >= 0, "a number >= 0")
        is_share = is_number(self.holdout) and 0 <= self.holdout < 1
        check("holdout", self.holdout, is_share, "a number >= 0 and < 1")
        words = {"schedule": Schedule, "loss": Loss, "precision": Precision, "device": Device}
        for name, known in words.items():
            value, listed = getattr(self, name), get_args(known)
            check(name, value, value in listed, f"one of {', '.join(listed)}")
