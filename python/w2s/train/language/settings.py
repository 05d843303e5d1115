"""What is decided before a language model is trained.

Knows nothing about rows or models; needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from w2s.errors import UsageError
from w2s.train.checking import check, is_number, is_whole

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
        method: ``lora`` trains adapters of peft on the layers ``targets``; ``full`` all weights. A student
            that is an adapter learns on as it is: rank, alpha, dropout and targets are of new ones.
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
        new_tokens: the longest reply of grpo, where the student's reference names no ``max_new_tokens``.
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
            check(name, getattr(self, name), is_whole(getattr(self, name), 1), "a whole number >= 1")
        check("seed", self.seed, is_whole(self.seed, 0), "a whole number >= 0")
        for name in ("learning_rate", "clip", "temperature"):
            value = getattr(self, name)
            check(name, value, is_number(value) and value > 0, "a number > 0")
        for name in ("alpha", "weight_decay", "checkpoint_s", "kl", "form_reward"):
            value = getattr(self, name)
            check(name, value, is_number(value) and value >= 0, "a number >= 0")
        for name in ("dropout", "holdout", "warm_up"):
            value = getattr(self, name)
            check(name, value, is_number(value) and 0 <= value < 1, "a number >= 0 and < 1")
        check("save_memory", self.save_memory, isinstance(self.save_memory, bool), "true or false")
        named = isinstance(self.targets, str) and bool(self.targets)
        check("targets", self.targets, named, "all-linear, or layer names joined by commas")
        words = {
            "objective": Objective,
            "method": Method,
            "loss": Loss,
            "schedule": Schedule,
            "precision": Precision,
        }
        for name, known in words.items():
            listed = get_args(known)
            check(name, getattr(self, name), getattr(self, name) in listed, f"one of {', '.join(listed)}")
        if self.objective == "grpo":
            self._check_rewarded()

    def _check_rewarded(self) -> None:
        if self.holdout or self.loss != "cross_entropy":
            raise UsageError("train-grpo-settings", "objective=grpo takes no holdout and no loss")
        if self.group < 2:
            raise UsageError(
                "train-grpo-group", f"objective=grpo compares replies; group={self.group} must be at least 2"
            )
        if self.batch % self.group:
            raise UsageError(
                "train-batch-not-divisible",
                f"batch={self.batch} is not a multiple of group={self.group}; change batch or group",
            )

    def pass_rows(self, devices: int) -> int:
        """Rows of one pass of a device, of which a step has a whole number.

        Raises:
            UsageError: a step's rows cannot be dealt to the devices and passes.
        """
        rows = min(self.together, max(1, self.batch // devices))
        if self.batch % (rows * devices):
            many = f"{devices} devices" if devices > 1 else "one device"
            raise UsageError(
                "train-batch-not-divisible",
                f"batch={self.batch} is not a whole number of passes of together={rows} rows on {many}; "
                "change batch or together",
            )
        return rows

    @property
    def scale(self) -> float:
        """The alpha that is used."""
        return self.alpha or 2.0 * self.rank
