"""Settings of a training from a configuration, by the kind of its student.

Knows nothing about training; needs no torch.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from w2s.errors import UsageError
from w2s.models.reference import quote, resolve_reference
from w2s.train.language.settings import LanguageSettings
from w2s.train.launch import process_count
from w2s.train.settings import Settings

_LEARN = ("policy", "lc0", "hf")


def is_language(student: str) -> bool:
    """Whether a reference names a language model."""
    return resolve_reference(student).kind == "hf"


def settings_of(student: str, given: Mapping[str, Any], seed: int) -> Settings | LanguageSettings:
    """What is given, and defaults for the rest.

    Raises:
        UsageError: an unknown name, or a value that makes no sense, here with so many processes.
    """
    _check_learns(student)
    kind = LanguageSettings if is_language(student) else Settings
    known = {one.name for one in fields(kind)} - {"seed"}
    if unknown := sorted(set(given) - known):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known settings: {', '.join(sorted(known))}"
        raise UsageError(
            "train-unknown-setting", f"the training of {student} has no setting {unknown[0]!r}; {hint}"
        )
    settings = kind(**given, seed=seed)
    if isinstance(settings, LanguageSettings):
        settings.pass_rows(process_count())
    return settings


def _check_learns(student: str) -> None:
    """Refuse what has no weights here that could learn."""
    kind = resolve_reference(student).kind
    if kind not in _LEARN:
        raise UsageError(
            "train-student-cannot-learn",
            f"{quote(student)} cannot be trained; students are {', '.join(f'{one}:…' for one in _LEARN)}",
        )
