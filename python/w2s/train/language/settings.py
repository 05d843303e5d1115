"""What is decided before a language model is trained.

Knows nothing about rows or models; needs no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from w2s.errors import UsageError

Method = Literal["lora", "full"]
Loss = Literal["cross_entropy", "kl", "product", "log_confidence"]
Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
Objective = Literal["supervised", "grpo"]


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """How a language model is trained.

    Attributes:
        objective: ``supervised`` learns what labels say; ``grpo`` writes replies and is rewarded where they
            agree with the label (needs the extra ``rl``).
        method: ``lora`` trains adapters of peft on the layers ``targets``; ``full`` all weights.
        rank: of an adapter's matrices; ``alpha`` scales what they add by ``alpha / rank``.
        alpha: 0 is twice the rank.
        dropout: of what an adapter reads.
        targets: ``all-linear``, or names of layers joined by commas.
        epochs: times that every row is seen.
        learning_rate: the peak of the schedule.
        batch: rows of one step, over all devices.
        together: rows of one pass on one device; a step adds up its passes.
        weight_decay: of AdamW.
        schedule: of the learning rate, after a warm-up.
        warm_up: share of the steps in which the learning rate rises evenly.
        loss: ``cross_entropy`` of the reply's tokens; the others of :mod:`w2s.train.losses` are of the
            options of a choice that is answered by letter.
        clip: largest norm of a step's gradient.
        length: the most tokens of a question with its reply; what is longer is an error.
        holdout: share of the rows that is held back; the epoch with the least loss there is kept.
        patience: epochs without a better one after which the training ends, where rows are held back.
        save_memory: computes activations again on the way back.
        precision: ``auto`` is bfloat16 where the device gains from it.
        seed: decides the order of the rows, which are held back, dropout and new adapters.
        checkpoint_s: seconds between checkpoints; 0 writes one after every step. It changes no number.
        group: replies of grpo to one question, which are compared; ``batch`` counts replies then.
        new_tokens: the longest reply of grpo.
        temperature: at which grpo writes.
        kl: weight of staying near the untrained student in grpo.
        form_reward: what grpo adds for a reply that holds any label; agreement is worth 1.
    """

    objective: Objective = "supervised"
    method: Method = "lora"
    rank: int = 16
    alpha: float = 0.0
    dropout: float = 0.0
    targets: str = "all-linear"
    epochs: int = 2
    learning_rate: float = 2e-4
    batch: int = 16
    together: int = 8
    weight_decay: float = 0.0
    schedule: Schedule = "cosine"
    warm_up: float = 0.05
    loss: Loss = "cross_entropy"
    clip: float = 1.0
    length: int = 2048
    holdout: float = 0.0
    patience: int = 2
    save_memory: bool = False
    precision: Precision = "auto"
    seed: int = 0
    checkpoint_s: float = 300.0
    group: int = 8
    new_tokens: int = 512
    temperature: float = 1.0
    kl: float = 0.04
    form_reward: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: names the setting, its value and its range.
        """
        for name in ("rank", "epochs", "batch", "together", "length", "patience", "group", "new_tokens"):
            _check(name, getattr(self, name), _is_whole(getattr(self, name), 1), "a whole number from 1 on")
        _check("seed", self.seed, _is_whole(self.seed, 0), "a whole number from 0 on")
        for name in ("learning_rate", "clip", "temperature"):
            value = getattr(self, name)
            _check(name, value, math.isfinite(value) and value > 0, "a number above 0")
        for name in ("alpha", "weight_decay", "checkpoint_s", "kl", "form_reward"):
            value = getattr(self, name)
            _check(name, value, math.isfinite(value) and value >= 0, "a number from 0 on")
        for name in ("dropout", "holdout", "warm_up"):
            _check(name, getattr(self, name), 0 <= getattr(self, name) < 1, "a share from 0 to below 1")
        words = {
            "objective": Objective,
            "method": Method,
            "loss": Loss,
            "schedule": Schedule,
            "precision": Precision,
        }
        for name, known in words.items():
            listed = get_args(known)
            _check(name, getattr(self, name), getattr(self, name) in listed, f"one of {', '.join(listed)}")

    @property
    def scale(self) -> float:
        """The alpha that is used."""
        return self.alpha or 2.0 * self.rank


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _check(name: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise UsageError(f"{name} of a training is {wanted}, not {value!r}")
