"""Training of students on selected labels; importing this does not import torch, :func:`train` does."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from w2s.errors import UsageError, W2sError
from w2s.locks import lock_folder
from w2s.models.policy.loading import require_torch
from w2s.train.dataset import TrainingSet
from w2s.train.distributed import process_rank
from w2s.train.progress import StepCallback, TrainStep
from w2s.train.settings import LanguageTrainSettings, PolicyTrainSettings, is_language_model, parse_settings

__all__ = [
    "LanguageTrainSettings",
    "PolicyTrainSettings",
    "TrainStep",
    "TrainingSet",
    "parse_settings",
    "train",
]


def train(
    student: str,
    rows: TrainingSet,
    settings: PolicyTrainSettings | LanguageTrainSettings,
    out: Path,
    *,
    progress: StepCallback | None = None,
) -> str:
    """Train a student on rows and write it to a folder.

    Policy nets are trained by :func:`w2s.train.policy.trainer.train_policy_net`, language models by
    :func:`w2s.train.language.trainer.train_language_model`. If the folder holds the same training,
    finished, nothing is done; if it was killed, it is resumed.

    Args:
        student: reference to a policy net, ``policy:…`` or ``lc0:…``, or to a language model, ``hf:…``.
        rows: what the student learns.
        settings: settings for this kind of student, see :func:`w2s.train.parse_settings`.
        out: folder of the trained student.
        progress: called after every step.

    Returns:
        The reference of the trained student.

    Raises:
        UsageError: the student cannot be trained, the settings are of another kind, or the folder holds
            another training.
        DataError: the rows or the student's files are invalid.
        MissingExtraError: torch is not installed.
        W2sError: the folder cannot be written.
    """
    require_torch("training a student")
    try:
        with lock_folder(out) if process_rank() == 0 else nullcontext():
            return _train(student, rows, settings, out, progress)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise W2sError(
            "train-out-not-writable",
            f"cannot write {error.filename or out}: {error.strerror}; choose another folder",
        ) from None


def _train(
    student: str,
    rows: TrainingSet,
    settings: PolicyTrainSettings | LanguageTrainSettings,
    out: Path,
    progress: StepCallback | None,
) -> str:
    if is_language_model(student):
        if not isinstance(settings, LanguageTrainSettings):
            raise UsageError(
                "train-settings-kind", f"{student} is a language model; pass LanguageTrainSettings"
            )
        from w2s.train.language.trainer import train_language_model

        return train_language_model(student, rows, settings, out, progress=progress)
    if not isinstance(settings, PolicyTrainSettings):
        raise UsageError(
            "train-settings-kind", f"{student} is not a language model; pass PolicyTrainSettings"
        )
    from w2s.train.policy.trainer import train_policy_net

    return train_policy_net(student, rows, settings, out, progress=progress)
