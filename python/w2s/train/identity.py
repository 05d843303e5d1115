"""Whether a folder holds the training that is asked for, and whether it has ended.

Knows nothing about what is trained.
"""

from __future__ import annotations

import json
from pathlib import Path

from w2s.errors import DataError, UsageError

REPORT = "train.json"
"""What a training did, written last: its presence says that the folder is complete."""


def is_complete(out: Path, identity: str) -> bool:
    """Whether the training of this identity has ended in a folder.

    Raises:
        UsageError: another one has.
        DataError: its report is damaged.
    """
    path = out / REPORT
    if not path.exists():
        return False
    try:
        found = json.loads(path.read_bytes())["identity"]
    except (ValueError, KeyError, TypeError):
        raise DataError("train-report-damaged", f"{path} is damaged; remove its folder") from None
    check_identity(found, identity, out)
    return True


def check_identity(found: object, wanted: str, folder: Path) -> None:
    """Refuse a folder that holds another training.

    Raises:
        UsageError: says so, with the remedy.
    """
    if found != wanted:
        raise UsageError(
            "train-other-training",
            f"{folder} holds a training of another student, other rows or other settings; "
            "choose another folder, or remove it",
        )
