"""Modules of a user in a working folder."""

from __future__ import annotations

from itertools import count
from pathlib import Path

_NUMBERS = count()


def write_plugin(folder: Path, text: str) -> str:
    """Write a module with a name that no other test imports; returns the name."""
    name = f"plugin_{next(_NUMBERS)}"
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return name
