"""Training of students on selected labels.

Knows nothing about how the labels were made or chosen. Importing this imports no torch; :func:`train` does.
"""

from __future__ import annotations

from pathlib import Path

from w2s.errors import UsageError, W2sError
from w2s.models.policy.loading import require_torch
from w2s.train.given import is_language, settings_of
from w2s.train.language.settings import LanguageSettings
from w2s.train.rows import Rows
from w2s.train.settings import Settings
from w2s.train.step import Step, Watch

__all__ = ["LanguageSettings", "Rows", "Settings", "Step", "settings_of", "train"]


def train(
    student: str,
    rows: Rows,
    settings: Settings | LanguageSettings,
    out: Path,
    *,
    watch: Watch | None = None,
) -> str:
    """Train a student on rows and write it to a folder.

    Policy nets learn as :func:`w2s.train.policy.supervised.train` says, language models as
    :func:`w2s.train.language.training.train`. A folder in which the same training has ended is left as it
    is; one in which it was killed is resumed.

    Args:
        student: reference to a policy net, ``policy:…`` or ``lc0:…``, or to a language model, ``hf:…``.
        rows: what it shall learn.
        settings: how; those of its kind, see :func:`w2s.train.settings_of`.
        out: folder of the trained student.
        watch: called after every step.

    Returns:
        The reference of the trained student.

    Raises:
        UsageError: the student cannot be trained, the settings are of another kind, or the folder holds
            another training.
        DataError: the rows or the student's files are bad.
        MissingExtraError: torch is not installed.
        W2sError: the folder cannot be written.
    """
    require_torch("training a student")
    try:
        return _train(student, rows, settings, out, watch)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise W2sError(
            "train-out-not-writable",
            f"cannot write {error.filename or out}: {error.strerror}; choose another folder",
        ) from None


def _train(
    student: str, rows: Rows, settings: Settings | LanguageSettings, out: Path, watch: Watch | None
) -> str:
    if is_language(student):
        if not isinstance(settings, LanguageSettings):
            raise UsageError("train-settings-kind", f"{student} is a language model; pass LanguageSettings")
        from w2s.train.language import training as language

        return language.train(student, rows, settings, out, watch=watch)
    if not isinstance(settings, Settings):
        raise UsageError("train-settings-kind", f"{student} is not a language model; pass Settings")
    from w2s.train.policy import supervised as policy

    return policy.train(student, rows, settings, out, watch=watch)
