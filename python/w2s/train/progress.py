"""What a training reports: each step to a callback, and a record in its folder when it is finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from w2s.errors import DataError, UsageError
from w2s.resume import Record


@dataclass(frozen=True, slots=True)
class TrainStep:
    """A finished step.

    Attributes:
        done: number of finished steps.
        total: number of steps of the training.
        loss: loss of this step.
    """

    done: int
    total: int
    loss: float


StepCallback = Callable[[TrainStep], None]
"""Called after every step."""

REPORT = "train.json"
"""The record of a finished training in its folder, written last."""


def is_finished(out: Path, training: Record) -> bool:
    """Whether a folder holds the finished training of these inputs.

    Raises:
        UsageError: it holds another training.
        DataError: its report is damaged.
    """
    path = out / REPORT
    if not path.exists():
        return False
    found = Record.read(path)
    if found is None:
        raise DataError("train-report-damaged", f"{path} is damaged; remove its folder")
    refuse_other_training(found, training, out)
    return True


def refuse_other_training(found: Record, training: Record, folder: Path) -> None:
    """Refuse a folder with the report or a checkpoint of another training.

    Raises:
        UsageError: names the inputs that changed.
    """
    names = sorted(found.inputs.keys() | training.inputs.keys())
    changed = [name for name in names if found.inputs.get(name) != training.inputs.get(name)]
    if changed:
        raise UsageError(
            "train-other-training",
            f"{folder} holds another training: {', '.join(changed)} changed; "
            "choose another folder, or remove it",
        )
