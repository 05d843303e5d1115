"""Folders of saved trust functions, edited as their author could."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2s.trust import files


def edit_settings(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change ``trust.json``, and its digest with it."""
    path = folder / "trust.json"
    found = json.loads(path.read_text())
    change(found)
    del found["digest"]
    path.write_text(json.dumps(found | {"digest": files._digest(found)}))
