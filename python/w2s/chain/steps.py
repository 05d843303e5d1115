"""Steps of a run: a folder, and a marker that is written last and names what the step was made of.

Knows nothing about what steps do.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARKER = "step.json"
Facts = dict[str, Any]


def digest_of(value: object) -> str:
    """Sixteen hexadecimal digits of plain values, dictionaries in any order."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def step(folder: Path, inputs: object, work: Callable[[], Facts]) -> Facts:
    """Do the work unless the folder says that it is done with these inputs; returns the facts it gave.

    A kill leaves no marker: the work is done again, and may find in the folder what it left there itself.
    Facts gain ``step``: the digest of the inputs, which later steps take as theirs.
    """
    digest = digest_of(inputs)
    before = read(folder)
    if before is not None and before["step"] == digest:
        return before
    if before is not None:
        shutil.rmtree(folder)  # of other inputs
    folder.mkdir(parents=True, exist_ok=True)
    facts = {**work(), "step": digest}
    write_json(folder / MARKER, facts)
    return facts


def read(folder: Path) -> Facts | None:
    """The facts of a finished step, None where it is not finished."""
    try:
        found: Facts = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if "step" in found else None


def write_json(path: Path, value: object) -> None:
    """Write JSON, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
