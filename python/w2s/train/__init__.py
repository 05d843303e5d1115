"""Training of students on selected labels.

Knows nothing about how the labels were made or chosen. Importing this imports no torch; :func:`train` does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from w2s.models.policy.loading import need_torch
from w2s.train.rows import Rows
from w2s.train.settings import Settings

if TYPE_CHECKING:
    from w2s.train.supervised import Step

__all__ = ["Rows", "Settings", "train"]


def train(
    student: str,
    rows: Rows,
    settings: Settings,
    out: Path,
    *,
    watch: Callable[[Step], None] | None = None,
) -> str:
    """Train a student on rows and write it to a folder: see :func:`w2s.train.supervised.train`.

    Raises:
        MissingExtraError: torch is not installed.
    """
    need_torch("training a student")
    from w2s.train import supervised

    return supervised.train(student, rows, settings, out, watch=watch)
